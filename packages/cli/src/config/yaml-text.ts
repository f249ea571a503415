import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { blockEntry, flowEntry, formOf, isCollectionValue, type NewEntry } from './yaml-entry.ts';
import {
  behindColon,
  commaAt,
  endOf,
  endOfNode,
  indentOf,
  keyOf,
  lineStart,
  nextLine,
  startOf,
} from './yaml-places.ts';
import { commentText, styleOf, type YamlStyle } from './yaml-style.ts';

type Path = readonly string[];

interface Found {
  readonly map: YAMLMap;
  readonly pair: Pair;
}

/**
 * The text of a YAML file whose entries can be changed. Each change is made in the text itself, at the place of what is
 * changed: everything else, be it spaces, comments, line ends or quotes, stays as it is, byte for byte.
 */
export class YamlText {
  readonly #style: YamlStyle;
  #text: string;
  #parsed: Document | undefined;

  constructor(source: string) {
    this.#text = source;
    this.#style = styleOf(source);
  }

  toString(): string {
    return this.#text;
  }

  has(path: Path): boolean {
    return this.#find(path) !== undefined;
  }

  /** The keys of a mapping; none where there is no mapping. */
  keys(path: Path): string[] {
    const node = path.length === 0 ? this.#document.contents : this.#find(path)?.pair.value;
    return isMap(node) ? node.items.map(keyOf) : [];
  }

  value(path: Path): unknown {
    const node = this.#find(path)?.pair.value;
    return (node as Node | null | undefined)?.toJS(this.#document);
  }

  /** Mappings on the way that are missing are made. What has this value already is left as it is. */
  set(path: Path, value: unknown): void {
    const { contents } = this.#document;
    if (!isMap(contents)) {
      this.#begin(nested(path, value));
      return;
    }
    let map: YAMLMap = contents;
    for (const [index, key] of path.entries()) {
      const pair = map.items.find((item) => keyOf(item) === key);
      const rest = path.slice(index + 1);
      if (!pair) {
        this.#append(map, { key, value: nested(rest, value) });
        return;
      }
      const inner = pair.value;
      if (rest.length === 0 || !isMap(inner) || (inner.items.length === 0 && !map.flow)) {
        this.#setValue({ map, pair }, nested(rest, value));
        return;
      }
      map = inner;
    }
  }

  /** A new entry in front of another one, or at the end where there is no other. */
  insertBefore(other: string, entry: NewEntry): void {
    const found = this.#find([other]);
    if (!found) {
      this.set([entry.key], entry.value);
      return;
    }
    const { map, pair } = found;
    const before = map.items[map.items.indexOf(pair as (typeof map.items)[number]) - 1];
    if (before) {
      this.#insertAfter({ map, pair: before }, entry);
      return;
    }
    const start = startOf(pair);
    const line = lineStart(this.#text, start);
    const indent = this.#text.slice(line, start);
    const gap = indent.trim() === '' ? this.#style.lineEnd + indent : ' ';
    if (map.flow) this.#splice(start, start, `${flowEntry(this.#style, map, entry)},${gap}`);
    else this.#splice(line, line, this.#lines(map, entry) + this.#style.lineEnd);
  }

  insertAfter(path: Path, entry: NewEntry): void {
    const found = this.#find(path);
    if (found) this.#insertAfter(found, entry);
  }

  /** Another key and value in the place of an entry, with the comments that are there. */
  replace(path: Path, { key, value, comment }: NewEntry): void {
    const found = this.#find(path);
    if (!found) return;
    const [start, end] = (found.pair.key as Node).range!;
    const [quote = ''] = /^["']/.exec(this.#text.slice(start, end)) ?? [];
    this.#setValue(found, value, comment);
    this.#splice(start, end, quote + key + quote);
  }

  delete(path: Path): void {
    const found = this.#find(path);
    if (!found) return;
    const { map, pair } = found;
    const start = startOf(pair);
    const end = endOf(this.#text, pair);
    if (!map.flow) {
      this.#splice(lineStart(this.#text, start), nextLine(this.#text, end), '');
      return;
    }
    const comma = commaAt(this.#text, end);
    const previous = map.items[map.items.indexOf(pair as (typeof map.items)[number]) - 1];
    // JSON has no comma behind the last.
    const between = previous && comma === '' ? this.#text.slice(endOf(this.#text, previous), start) : '';
    const from = /^[\s,]+$/.test(between) ? start - between.length : start;
    const to = end + comma.length;
    const [rest = ''] = /^[ \t]*(?:\r?\n)?/.exec(this.#text.slice(to)) ?? [];
    const isLine =
      rest.includes('\n') && /^[ \t]*$/.test(this.#text.slice(lineStart(this.#text, from), from));
    if (isLine) {
      this.#splice(lineStart(this.#text, from), to + rest.length, '');
      return;
    }
    this.#splice(from, to + (comma !== '' && !rest.includes('\n') ? rest.length : 0), '');
  }

  get #document(): Document {
    this.#parsed ??= parseDocument(this.#text);
    return this.#parsed;
  }

  #splice(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#parsed = undefined;
  }

  #find(path: Path): Found | undefined {
    let node: unknown = this.#document.contents;
    let found: Found | undefined;
    for (const key of path) {
      if (!isMap(node)) return undefined;
      const pair: Pair | undefined = node.items.find((item) => keyOf(item) === key);
      if (!pair) return undefined;
      found = { map: node, pair };
      node = pair.value;
    }
    return found;
  }

  /** A file that says nothing yet. */
  #begin(entries: unknown): void {
    const { contents } = this.#document;
    if (isScalar(contents) && contents.source) {
      this.#splice(contents.range![0], contents.range![1], '');
    }
    const at = contents ? nextLine(this.#text, contents.range![0]) : this.#text.length;
    this.#insertLines(at, this.#style.lines(entries as Record<string, unknown>, 0));
  }

  #append(map: YAMLMap, entry: NewEntry): void {
    const pair = map.items.at(-1);
    if (pair) {
      this.#insertAfter({ map, pair }, entry);
      return;
    }
    const inside = map.range![0] + 1;
    this.#splice(inside, inside, flowEntry(this.#style, map, entry));
  }

  #insertAfter({ map, pair }: Found, entry: NewEntry): void {
    const end = endOf(this.#text, pair);
    if (!map.flow) {
      this.#insertLines(nextLine(this.#text, end), this.#lines(map, entry));
      return;
    }
    const text = flowEntry(this.#style, map, entry);
    const comma = commaAt(this.#text, end);
    const after = end + comma.length;
    const [rest = ''] = /^[ \t]*(?:#.*)?(?=\r?\n)/.exec(this.#text.slice(after)) ?? [];
    const start = startOf(pair);
    const indent = this.#text.slice(lineStart(this.#text, start), start);
    const startsLine = indent.trim() === '';
    const at = startsLine ? after + rest.length : after;
    const gap = startsLine ? this.#style.lineEnd + indent : ' ';
    this.#splice(at, at, gap + text + (comma === '' ? '' : ','));
    if (comma === '') this.#splice(end, end, ',');
  }

  #insertLines(at: number, lines: string): void {
    const { lineEnd } = this.#style;
    const endsLine = at === 0 || this.#text[at - 1] === '\n' || this.#text.slice(0, at) === '\uFEFF';
    // A file whose last line has no end stays such a file.
    this.#splice(at, at, endsLine ? lines + lineEnd : lineEnd + lines);
  }

  #setValue({ map, pair }: Found, value: unknown, comment?: string): void {
    const old = pair.value as Node | null;
    if (old && isDeepStrictEqual(old.toJS(this.#document), value)) return;
    const key = keyOf(pair);
    const isBlock = isCollection(old) && !old.flow && old.items.length > 0;
    const isNothing = old === null || (isScalar(old) && old.value === null && !old.source);
    const isEmpty = isNothing || (isCollection(old) && old.items.length === 0);
    if (isCollectionValue(value) && !map.flow && (isBlock || isEmpty)) {
      const lines = this.#style
        .lines({ [key]: value }, indentOf(this.#text, map))
        .split(/\r?\n/)
        .slice(1);
      const text = lines.join(this.#style.lineEnd);
      if (isBlock) {
        this.#replaceLines(old, text);
        return;
      }
      const at = nextLine(this.#text, endOf(this.#text, pair));
      this.#insertLines(at, text);
      if (!isNothing) this.#splice(behindColon(this.#text, pair), old.range![1], '');
      return;
    }
    const quoted = old?.range && this.#text[old.range[0]] === '"' && typeof value === 'string';
    const inline = quoted ? JSON.stringify(value) : this.#style.inline(value, formOf(this.#style, map));
    if (isBlock || isNothing) {
      if (isBlock) this.#replaceLines(old, '');
      const at = behindColon(this.#text, pair);
      const colon = this.#text[at - 1] === ':' ? '' : ':';
      this.#splice(at, at, `${colon} ${inline}${this.#commentAt(map, at, comment)}`);
      return;
    }
    const [start, end] = old.range!;
    const lineEnd = /\r?\n$/.exec(this.#text.slice(start, end))?.[0] ?? '';
    const written = inline + (lineEnd ? commentText(comment) : this.#commentAt(map, end, comment)) + lineEnd;
    this.#splice(start, end, written);
  }

  /** The lines of a block collection. */
  #replaceLines(node: YAMLMap | YAMLSeq, lines: string): void {
    const [first] = node.items;
    const start = lineStart(this.#text, isPair(first) ? startOf(first) : (first as Node).range![0]);
    const end = nextLine(this.#text, endOfNode(this.#text, node));
    this.#splice(start, end, lines === '' ? '' : lines + this.#style.lineEnd);
  }

  #lines(map: YAMLMap, entry: NewEntry): string {
    return blockEntry(this.#style, indentOf(this.#text, map), entry);
  }

  /** Only where the line ends behind the value, so that nothing of it gets into the comment. */
  #commentAt(map: YAMLMap, at: number, comment: string | undefined): string {
    return !map.flow && /^[ \t]*(?:\r?\n|$)/.test(this.#text.slice(at)) ? commentText(comment) : '';
  }
}

function nested(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}
