import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { describeIssue } from '../options/given.ts';
import { isAtTop, isOfImage, type OptionEntry, type OptionTable } from '../options/option.ts';
import { didYouMean } from '../options/suggest.ts';
import { hasReference, interpolate } from './interpolate.ts';

export type Place = 'top' | 'image';

export interface Surroundings {
  readonly table: OptionTable;
  readonly place: Place;
  /** Where the mapping is in the file. */
  readonly keys: readonly string[];
  /** Where relative paths begin: the file's own. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  fail(keys: readonly PropertyKey[], problem: string): never;
  /** Does this part of the file; where problems are collected, one in it keeps nothing from the next. */
  attempt(part: () => void): void;
  onUnset(variable: string, keys: readonly PropertyKey[]): never;
}

/**
 * A mapping of settings as an object. What needs nothing of the environment is checked at once, whether it will be used
 * or not; the rest when it is read.
 */
export function readSettings(map: YAMLMap | undefined, around: Surroundings): object {
  const settings = {};
  for (const pair of map?.items ?? []) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    if (key === 'images' && around.place === 'top') continue;
    around.attempt(() => {
      const entry = entryOf(key, around);
      const raw = plain(pair.value, entry.kind.isText);
      const read = () => readValue(raw, { key, entry, around });
      if (!refers(raw)) checkedValue(raw, { key, entry, around });
      Object.defineProperty(settings, key, { enumerable: true, get: read });
    });
  }
  return settings;
}

function entryOf(key: string, { table, place, keys, fail }: Surroundings): OptionEntry {
  const fits = place === 'top' ? isAtTop : isOfImage;
  const entry = Object.hasOwn(table, key) ? table[key]! : undefined;
  if (entry && fits(entry)) return entry;
  const path = [...keys, key];
  if (!entry) {
    const known = Object.entries(table).filter(([, one]) => fits(one));
    const words = [...known.map(([name]) => name), ...(place === 'top' ? ['images'] : [])];
    return fail(path, `unknown key${didYouMean(key, words)}`);
  }
  if (entry.in === 'flag') return fail(path, `can only be given on the command line, as --${key}`);
  return fail(
    path,
    place === 'top' ? 'belongs under an image, not at the top' : 'belongs at the top of the file',
  );
}

interface Setting {
  readonly key: string;
  readonly entry: OptionEntry;
  readonly around: Surroundings;
}

/** Whether a path is meant literally depends on which files exist: checked only when the setting is used. */
function readValue(raw: unknown, setting: Setting): unknown {
  const { key, entry, around } = setting;
  const value = checkedValue(raw, setting);
  const located = entry.kind.locate?.(value, around.directory) ?? { value };
  return 'problem' in located ? around.fail([...around.keys, key], located.problem) : located.value;
}

function checkedValue(raw: unknown, { key, entry: { kind }, around }: Setting): unknown {
  const keys = [...around.keys, key];
  const resolved = resolveReferences(raw, {
    env: around.env,
    onUnset: (variable) => around.onUnset(variable, keys),
  });
  // A number or a switch out of the environment is text, as on the command line.
  const asText = typeof resolved === 'string' && refers(raw) && !kind.isText;
  const parsed = kind.schema.safeParse(asText ? kind.fromText([resolved]) : resolved);
  if (parsed.success) return parsed.data;
  const fail = (issue: (typeof parsed.error.issues)[number]) =>
    around.fail([...keys, ...issue.path], describeIssue(issue));
  const [first, ...others] = parsed.error.issues;
  for (const other of others) around.attempt(() => fail(other));
  return fail(first!);
}

/** A node's value. Where text is wanted, what YAML took for a number or a date is the text that stands there. */
function plain(node: unknown, isText: boolean): unknown {
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), plain(value, isText)]),
    );
  }
  if (isSeq(node)) return node.items.map((item) => plain(item, isText));
  if (!isScalar(node)) return node;
  const { value, source } = node;
  return isText && value !== null && typeof value !== 'string' && source !== undefined ? source : value;
}

function refers(value: unknown): boolean {
  if (typeof value === 'string') return hasReference(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(refers);
}

function resolveReferences(value: unknown, how: Parameters<typeof interpolate>[1]): unknown {
  if (typeof value === 'string') return interpolate(value, how);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, how));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, how)]));
}
