import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addExtent } from '../src/extents.ts';
import { extentLine, firstLine, originLine, parseJournal } from '../src/journal.ts';
import { digestOfBytes } from './support/work.ts';

const digest = digestOfBytes('image');
const origin = { source: 'https://host/disk', etag: '"v1"', lastModified: undefined, total: 1000 };

test('a journal says what was written into it', () => {
  const extents = fc.array(
    fc
      .tuple(fc.nat(990), fc.integer({ min: 1, max: 10 }))
      .map(([start, length]) => ({ start, end: start + length })),
  );
  fc.assert(
    fc.property(extents, (added) => {
      const text = [firstLine(digest), originLine(origin), ...added.map(extentLine)].join('');
      expect(parseJournal(text, digest)).toEqual({ origin, extents: added.reduce(addExtent, []) });
    }),
  );
});

test('the latest origin counts', () => {
  const text = `${firstLine(digest)}${originLine(origin)}0 10\n${originLine({ source: 'https://mirror/disk' })}`;
  expect(parseJournal(text, digest)?.origin).toEqual({ source: 'https://mirror/disk' });
});

test('cut off anywhere, it says no more than it said before', () => {
  const text = `${firstLine(digest)}${originLine(origin)}0 100\n100 250\n250 1000\n`;
  for (let length = 0; length < text.length; length++) {
    const journal = parseJournal(text.slice(0, length), digest);
    const end = journal?.extents[0]?.end ?? 0;
    expect([0, 100, 250]).toContain(end);
    expect(text.slice(0, length)).toContain(end === 0 ? '' : ` ${end}\n`);
  }
});

describe('what is not trusted', () => {
  const begin = firstLine(digest);
  test.each([
    ['another digest', firstLine(digestOfBytes('other'))],
    ['nothing', ''],
    ['an extent turned round', `${begin}10 5\n`],
    ['an extent of nothing', `${begin}5 5\n`],
    ['a number beyond counting', `${begin}0 9999999999999999\n`],
    ['a negative number', `${begin}-5 5\n`],
    ['more than the file has', `${begin}${originLine(origin)}0 1001\n`],
    ['a negative total', `${begin}{"source":"x","total":-1}\n`],
    ['no source', `${begin}{"total":1}\n`],
    ['a header in a validator', `${begin}{"source":"x","etag":"\\"a\\"\\r\\nx: y"}\n`],
    ['something else', `${begin}hello\n`],
    ['null', `${begin}null\n`],
  ])('%s', (_, text) => {
    expect(parseJournal(text, digest)).toBeUndefined();
  });

  test('any text at all is read or refused', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('0 5'))), (lines) => {
        const journal = parseJournal(`${begin}${lines.join('\n')}\n`, digest);
        if (journal) for (const { start, end } of journal.extents) expect(start).toBeLessThan(end);
      }),
    );
  });
});
