import type { z } from 'zod';
import { UsageError } from '../errors/cli-error.ts';
import type { Arguments } from './arguments.ts';
import type { CommandName } from './commands.ts';
import { hasVariable, type OptionEntry, type OptionTable, optionsOf, variableOf } from './option.ts';
import { type OptionKey, optionTable, type ValueOf } from './table.ts';

/** What a command was given by its flags and, where there is no flag, by the environment. */
export interface Given {
  /** Undefined where neither gives it. */
  value<K extends OptionKey>(key: K): ValueOf<K> | undefined;
  /** Of an option that repeats in this command and takes one value in others. */
  values<K extends OptionKey>(key: K): readonly ValueOf<K>[] | undefined;
  readonly all: ReadonlyMap<string, unknown>;
  /** The flag or the variable that gave it, as messages name it. */
  nameOf(key: OptionKey): string;
}

/**
 * Reads and checks all of a command's values.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function readGiven({
  command,
  flags,
  env,
  directory = process.cwd(),
  table = optionTable,
}: {
  readonly command: CommandName;
  readonly flags: Arguments['flags'];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly directory?: string;
  readonly table?: OptionTable;
}): Given {
  const all = new Map<string, unknown>();
  const names = new Map<string, string>();
  const read = (key: string, entry: OptionEntry, name: string, texts: readonly string[]) => {
    all.set(key, checked(entry, { name, texts, directory }));
    names.set(key, name);
  };
  const options = optionsOf(table, command);
  for (const [key, entry] of options) {
    const texts = flags.get(key);
    if (texts) read(key, entry, `--${key}`, texts);
  }
  const hidden = new Set(options.flatMap(([key, { alternatives }]) => (all.has(key) && alternatives) || []));
  for (const [key, entry] of options) {
    const variable = variableOf(key);
    const text = hasVariable(entry) ? env[variable] : undefined;
    if (!text || all.has(key) || (entry.alternatives && hidden.has(entry.alternatives))) continue;
    read(key, entry, variable, entry.kind.split(text));
  }
  return {
    all,
    value: <K extends OptionKey>(key: K) => all.get(key) as ValueOf<K> | undefined,
    values: <K extends OptionKey>(key: K) => all.get(key) as readonly ValueOf<K>[] | undefined,
    nameOf: (key) => names.get(key) ?? `--${key}`,
  };
}

/**
 * Checks a word that stands where an option would: an operand, or an answer.
 *
 * @param options.name as messages name it
 * @throws UsageError `BAD_OPTION`
 */
export function readWord<K extends OptionKey>(
  key: K,
  text: string,
  { name, directory = process.cwd() }: { readonly name: string; readonly directory?: string },
): ValueOf<K> {
  return checked(optionTable[key]!, { name, texts: [text], directory }) as ValueOf<K>;
}

function checked(
  { kind }: OptionEntry,
  {
    name,
    texts,
    directory,
  }: { readonly name: string; readonly texts: readonly string[]; readonly directory: string },
): unknown {
  const wrong = (problem: string) =>
    new UsageError('BAD_OPTION', `${name}: ${problem}`, {
      hint: 'See --help for the values that the option accepts.',
      facts: { option: name },
    });
  const parsed = kind.schema.safeParse(kind.fromText(texts));
  if (!parsed.success) throw wrong(describeIssue(parsed.error.issues[0]!));
  const located = kind.locate?.(parsed.data, directory);
  if (located && 'problem' in located) throw wrong(located.problem);
  return parsed.data;
}

/** An issue in words; the key that it is about comes first where the value has keys. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'invalid_union') return issue.errors.flat().at(-1)?.message ?? issue.message;
  return issue.message;
}
