import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { escapeText, hasLazyList, renderElements, renderPieces } from '../../src/query/xml.ts';

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'item',
});

describe('renderElements', () => {
  it('renders values, lists and nesting, and leaves out what is undefined', () => {
    const xml = renderElements({
      text: 'a & b',
      number: 3,
      truth: false,
      time: new Date('2026-01-02T03:04:05.678Z'),
      absent: undefined,
      empty: '',
      set: { item: [{ id: 1 }, { id: 2 }] },
      none: { item: [] },
    });
    expect(xml).toBe(
      '<text>a &amp; b</text><number>3</number><truth>false</truth><time>2026-01-02T03:04:05.678Z</time><empty/>' +
        '<set><item><id>1</id></item><item><id>2</id></item></set><none/>',
    );
  });

  it('writes any text so that a parser reads it back, or its replacement characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const xml = `<a>${escapeText(text)}</a>`;
        expect(XMLValidator.validate(xml)).toBe(true);
        const expected = text.replace(
          // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML excludes
          /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu,
          '\ufffd',
        );
        // The parser leaves numeric entities alone.
        expect(String(parser.parse(xml).a).replaceAll('&#13;', '\r')).toBe(expected);
      }),
    );
  });
});

describe('renderPieces', () => {
  it('gives the same document piece by piece, reading the list no earlier than that', () => {
    let read = 0;
    const elements = () => ({
      before: 1,
      set: {
        item: (function* () {
          for (let id = 0; id < 3; id += 1) {
            read += 1;
            yield { id };
          }
        })(),
      },
      after: 2,
    });
    expect(hasLazyList(elements())).toBe(true);
    const pieces = renderPieces(elements());
    pieces.next();
    pieces.next();
    expect(read).toBe(0);
    expect([...renderPieces(elements())].join('')).toBe(
      '<before>1</before><set><item><id>0</id></item><item><id>1</id></item><item><id>2</id></item></set><after>2</after>',
    );
  });

  it('knows a list that is there from one that is not', () => {
    expect(hasLazyList({ set: { item: [{ a: 1 }] }, at: new Date() })).toBe(false);
  });
});
