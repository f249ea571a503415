import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pageOf, pageStart } from '../../src/ec2/paging.ts';

const limits = { min: 5, max: 1000 };
const keyOf = (key: string) => key;
const conditions = { pageSize: (size: number) => size };

it('pages through everything once, whatever the size of the pages', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 }),
      fc.integer({ min: 5, max: 40 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 40 })),
      (keys, MaxResults, sizes) => {
        // Pages may be shorter than asked for, and empty.
        const shortPages = { pageSize: (size: number) => Math.min(size, sizes.next().value ?? size) };
        const sorted = keys.toSorted();
        const seen: string[] = [];
        let NextToken: string | undefined;
        do {
          const request = { MaxResults, NextToken };
          const start = pageStart(request);
          const page = pageOf(
            sorted.filter((key) => start === '' || key > start),
            { request, limits, conditions: shortPages, keyOf },
          );
          const items = [...page.items];
          expect(items.length).toBeLessThanOrEqual(MaxResults);
          seen.push(...items);
          NextToken = page.nextToken;
        } while (NextToken !== undefined);
        expect(seen).toEqual(sorted);
      },
    ),
  );
});

it('gives everything, unread, where no size is asked for', () => {
  const items = (function* () {
    yield 'a';
    throw new Error('read too early');
  })();
  expect(pageOf(items, { request: {}, limits, conditions, keyOf }).items).toBe(items);
});

it('gives no more than a thousand', () => {
  const items = Array.from({ length: 1500 }, (_, index) => String(index));
  const page = pageOf(items, { request: { MaxResults: 5000 }, limits, conditions, keyOf });
  expect([...page.items]).toHaveLength(1000);
  expect(page.nextToken).toBeDefined();
});

it('refuses a page too small, and a token that it did not give', () => {
  expect(() => pageOf([], { request: { MaxResults: 4 }, limits, conditions, keyOf })).toThrow(
    expect.objectContaining({
      code: 'InvalidParameterValue',
      message: expect.stringContaining('maxResults'),
    }),
  );
  for (const token of ['', '!!', 'YQ==', 'a']) {
    expect(() => pageStart({ NextToken: token })).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValue' }),
    );
  }
});
