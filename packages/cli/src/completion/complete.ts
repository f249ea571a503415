import { readFileSync } from 'node:fs';
import { errorCodes } from '@ec2-image/explained-error';
import { findConfig } from '../config/find-config.ts';
import { parseConfig } from '../config/read-config.ts';
import { type CommandName, commandNames, commandSpecs, isCommand } from '../options/commands.ts';
import { isAtTop, isOfImage, type OptionEntry, optionsOf, variableOf } from '../options/option.ts';
import { optionTable } from '../options/table.ts';
import { knownRegions } from './regions.ts';

export type Candidate = readonly [value: string, description?: string];

/** What can stand in a place of a command line. */
export interface Completions {
  readonly candidates: readonly Candidate[];
  /** Files or directories can stand there: the shell knows them. */
  readonly paths?: 'file' | 'directory';
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface CompletionRequest {
  /** Behind `ec2-image` and before the word, unquoted. */
  readonly words: readonly string[];
  /** The word that is being typed. */
  readonly word: string;
  readonly env: Environment;
}

const nothing: Completions = { candidates: [] };

/** By the option table. Candidates need not begin with the word: filtering is for the shell. */
export function complete({ words, word, env }: CompletionRequest): Completions {
  const [command, ...before] = words;
  if (command === undefined) return { candidates: word.startsWith('-') ? metaFlags : commandWords() };
  if (command === 'help') return { candidates: before.length === 0 ? commandWords() : [] };
  if (!isCommand(command)) return nothing;
  const options = new Map(optionsOf(optionTable, command));
  const { flags, operands, pending } = readWords(before, options);
  const [, inline] = /^--([^=]+)=/.exec(word) ?? [];
  const key = inline ?? pending;
  if (key !== undefined) {
    const prefix = inline === undefined ? '' : `--${inline}=`;
    const { candidates, paths } = valuesOf(options.get(key));
    return { paths, candidates: candidates.map(([value, about]) => [`${prefix}${value}`, about]) };
  }
  if (word.startsWith('-')) return { candidates: flagWords(options, { word, flags }) };
  const spec = commandSpecs[command].operands;
  const isOperand = spec !== undefined && operands.length < spec.max;
  const candidates = isOperand ? operandWords(command, { flags, operands, env }) : [];
  return {
    candidates: candidates.length > 0 || isOperand ? candidates : flagWords(options, { word, flags }),
  };
}

const metaFlags: readonly Candidate[] = [
  ['--help', 'list the commands'],
  ['--version', 'print the version'],
];

function commandWords(): Candidate[] {
  const commands = commandNames.map((name): Candidate => [name, commandSpecs[name].summary]);
  return [...commands, ['help', 'describe a command']];
}

interface ReadWords {
  /** By key, the last value of each. */
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly pending?: string;
}

function readWords(words: readonly string[], options: ReadonlyMap<string, OptionEntry>): ReadWords {
  const flags = new Map<string, string>();
  const operands: string[] = [];
  let pending: string | undefined;
  for (const word of words) {
    const [, key, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (pending !== undefined) {
      flags.set(pending, word);
      pending = undefined;
    } else if (key === undefined) {
      if (!word.startsWith('-')) operands.push(word);
    } else if (value === undefined && options.get(key)?.kind.metavar !== undefined) {
      pending = key;
    } else {
      flags.set(key, value ?? '');
    }
  }
  return { flags, operands, pending };
}

function flagWords(
  options: ReadonlyMap<string, OptionEntry>,
  { word, flags }: { readonly word: string; readonly flags: ReadonlyMap<string, string> },
): Candidate[] {
  const open = [...options].filter(([key, { kind }]) => kind.repeats || !flags.has(key));
  const negations = open.filter(
    ([key, entry]) =>
      !key.startsWith('no-') && entry.kind.metavar === undefined && (isAtTop(entry) || isOfImage(entry)),
  );
  return [
    ...open.map(([key, { help }]): Candidate => [`--${key}`, help]),
    ...(word.startsWith('--no') ? negations.map(([key]): Candidate => [`--no-${key}`]) : []),
    ['--help', 'describe the command'],
  ];
}

function valuesOf(entry: OptionEntry | undefined): Completions {
  const { values, completes } = entry?.kind ?? {};
  if (values) return { candidates: values.map((value) => [value]) };
  if (completes === 'region') return { candidates: knownRegions };
  return { candidates: [], paths: completes };
}

function operandWords(
  command: CommandName,
  { flags, operands, env }: Pick<ReadWords, 'flags' | 'operands'> & { readonly env: Environment },
): Candidate[] {
  const { completes } = commandSpecs[command].operands ?? {};
  const all =
    completes === 'image'
      ? imageNames(flags.get('config') ?? env[variableOf('config')], env)
      : completes === 'error-code'
        ? Object.keys(errorCodes)
        : (completes ?? []);
  return all.filter((name) => !operands.includes(name)).map((name): Candidate => [name]);
}

/** Of the configuration, as far as it can be read: whoever is typing has other worries. */
function imageNames(named: string | undefined, env: Environment): string[] {
  try {
    const path = named || findConfig()?.path;
    if (path === undefined) return [];
    const source = readFileSync(path, 'utf8');
    return Object.keys(parseConfig({ path, source, env, onProblem: () => {} }).config.images ?? {});
  } catch {
    return [];
  }
}
