import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnNarrowing, compileFilters, matcher } from '../../src/ec2/filters.ts';
import type { Tag } from '../../src/ec2/resources.ts';

describe('matcher', () => {
  it.each([
    ['my-*', 'my-image', true],
    ['my-*', 'My-image', false],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['\\*amazon\\?\\\\', '*amazon?\\', true],
    ['a.c', 'abc', false],
    ['*\n*', 'a\nb', true],
    ['(x)[y]', '(x)[y]', true],
    ['(x)*', '(x)[y]', true],
  ])('%j on %j: %s', (pattern, value, expected) => {
    expect(matcher(pattern)(value)).toBe(expected);
  });

  it('matches any text by itself, its special characters escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, more) => {
        const pattern = text.replace(/[\\*?]/g, '\\$&');
        expect(matcher(pattern)(text)).toBe(true);
        expect(matcher(`${pattern}*`)(text + more)).toBe(true);
      }),
    );
  });
});

describe('a column', () => {
  const database = new DatabaseSync(':memory:');
  const finds = (patterns: readonly string[], value: string) => {
    const { sql, parameters } = columnNarrowing('name')!(patterns)!;
    return (
      database.prepare(`SELECT 1 FROM (SELECT ? AS name) WHERE ${sql}`).get(value, ...parameters) !==
      undefined
    );
  };
  const text = fc.string({ unit: fc.constantFrom(...'ab[]^-*?\\'), maxLength: 6 });

  it('finds what the pattern matches, its special characters included', () => {
    expect(finds(['a[b]*', 'x'], 'a[b]c')).toBe(true);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 2 }), text, (patterns, value) => {
        expect(finds(patterns, value)).toBe(patterns.some((pattern) => matcher(pattern)(value)));
      }),
    );
  });
});

describe('compileFilters', () => {
  interface Thing {
    readonly size: number;
    readonly names: readonly string[];
    readonly tags: readonly Tag[];
  }
  const fields = {
    size: ({ size }: Thing) => size,
    name: ({ names }: Thing) => names,
    missing: () => undefined,
  };
  const thing: Thing = { size: 8, names: ['a', 'b'], tags: [{ key: 'Name', value: 'x' }] };
  const matches = (...filters: [string, ...string[]][]) =>
    compileFilters(
      filters.map(([Name, ...Value]) => ({ Name, Value })),
      fields,
    ).matches(thing);

  it.each([
    [[['size', '8']], true],
    [[['size', '9', '8']], true],
    [[['size', '80']], false],
    [[['name', 'b']], true],
    [
      [
        ['name', 'a'],
        ['size', '9'],
      ],
      false,
    ],
    [[['missing', '*']], false],
    [[['tag:Name', 'x']], true],
    [[['tag:Name', 'y', '?']], true],
    [[['tag:name', 'x']], false],
    [[['tag-key', 'Na*']], true],
    [[['tag-key', 'x']], false],
    [[], true],
  ] as [[string, ...string[]][], boolean][])('%j: %s', (filters, expected) => {
    expect(matches(...filters)).toBe(expected);
  });

  it('refuses a filter that there is not, one without values and one with too many', () => {
    expect(() => matches(['nme', 'a'])).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValue', message: "The filter 'nme' is invalid" }),
    );
    expect(() => matches(['toString', 'a'])).toThrow(/invalid/);
    expect(() => matches(['name'])).toThrow(expect.objectContaining({ code: 'InvalidParameterValue' }));
    expect(() => matches(['name', ...Array.from({ length: 201 }, String)])).toThrow(
      expect.objectContaining({ code: 'FilterLimitExceeded' }),
    );
  });

  it('narrows by literal values alone', () => {
    const narrowings = (...values: string[]) =>
      compileFilters([{ Name: 'tag:Name', Value: values }], fields).narrowings.map(
        ({ parameters }) => parameters,
      );
    expect(narrowings('a', 'b\\*')).toEqual([['Name', '["a","b*"]']]);
    expect(narrowings('a', 'b*')).toEqual([]);
  });
});
