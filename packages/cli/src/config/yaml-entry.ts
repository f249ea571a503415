import { isScalar, type YAMLMap } from 'yaml';
import { commentText, type YamlStyle } from './yaml-style.ts';

/** An entry that a file gets. The comment stands behind the value, where the form of the file allows one. */
export interface NewEntry {
  readonly key: string;
  readonly value: unknown;
  readonly comment?: string;
}

/** The lines of an entry in a block mapping, without the last line's end. */
export function blockEntry(style: YamlStyle, indent: number, { key, value, comment }: NewEntry): string {
  return style.lines({ [key]: value }, indent) + commentText(comment);
}

/** An entry between commas, in the form of the mapping's other entries. */
export function flowEntry(style: YamlStyle, map: YAMLMap, { key, value }: NewEntry): string {
  const form = formOf(style, map);
  return `${style.inline(key, form)}: ${style.inline(value, form)}`;
}

/** How values stand in a mapping: as JSON too where its first key is quoted as JSON's are. */
export function formOf(style: YamlStyle, map: YAMLMap): 'block' | 'flow' | 'json' {
  if (!map.flow) return 'block';
  const [first] = map.items;
  const isQuoted = isScalar(first?.key) && first.key.type === 'QUOTE_DOUBLE';
  return style.isJson || isQuoted ? 'json' : 'flow';
}

/** A mapping or a list that is not empty: in a block it takes lines of its own. */
export function isCollectionValue(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
