import { isCollection, isPair, isScalar, type Node, type Pair, type YAMLMap } from 'yaml';

/** Of an entry, its key as text. */
export function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

/** Where an entry begins. */
export function startOf({ key }: Pair): number {
  return (key as Node).range![0];
}

/** Behind an entry's last character; of a block scalar, behind its last line. */
export function endOf(text: string, pair: Pair): number {
  return Math.max(behindColon(text, pair), endOfNode(text, pair.value as Node | null));
}

/** The same of a value. A block collection's own range may include the comments below it. */
export function endOfNode(text: string, node: Node | null): number {
  if (!isCollection(node) || node.flow || node.items.length === 0) return node?.range?.[1] ?? 0;
  const last = node.items.at(-1);
  return isPair(last) ? endOf(text, last) : endOfNode(text, last as Node | null);
}

/** Of an entry without a colon, behind its key. */
export function behindColon(text: string, { key }: Pair): number {
  const end = (key as Node).range![1];
  return end + (/^\s*:/.exec(text.slice(end))?.[0].length ?? 0);
}

/** What is between a place and the comma that follows, and the comma; empty where none does. */
export function commaAt(text: string, at: number): string {
  return /^(?:\s+#[^\n]*\n|\s)*,/.exec(text.slice(at))?.[0] ?? '';
}

/** Where the line of a place begins: behind the byte order mark. */
export function lineStart(text: string, at: number): number {
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  return start === 0 && text[0] === '\uFEFF' ? 1 : start;
}

/** Where the next line begins, or the file ends; `at` itself where it begins a line. */
export function nextLine(text: string, at: number): number {
  if (text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** Of the entries of a block mapping. */
export function indentOf(text: string, { items }: YAMLMap): number {
  const start = startOf(items[0]!);
  return /^[ \t]*/.exec(text.slice(lineStart(text, start), start))![0].length;
}
