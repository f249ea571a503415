import type { CommandName } from './commands.ts';
import type { Kind } from './kinds/kind.ts';

/** The headings of `--help` and of the README's table, in their order. */
export const groups = {
  image: 'Image',
  way: 'Import',
  ami: 'AMI',
  publish: 'Regions and sharing',
  scope: 'Where to look',
  selection: 'What to delete and what to keep',
  tags: 'AMIs made by other means',
  disk: 'Disk to compare with',
  boot: 'Instance',
  checks: 'What to check',
  policy: 'What the policy is for',
  run: 'This run',
  account: 'AWS account',
  output: 'Files and output',
} as const;

export type GroupName = keyof typeof groups;

/**
 * Where an option may be given besides the command line. `top`: at the top of a configuration file; `image`: under one
 * image; `both`: at the top as a default for every image, and under each; `flag`: on the command line alone.
 */
export type Place = 'top' | 'image' | 'both' | 'flag';

/** How one command differs in an option that it shares with others. */
export interface Variant {
  readonly help?: string;
  readonly default?: string;
  readonly group?: GroupName;
  /** The flag repeats, and the variable is comma-separated, where other commands take one value. */
  readonly repeats?: boolean;
  /** False: here it is said on the command line or not at all. */
  readonly environment?: false;
}

/**
 * One option. Its flag, its variable `EC2_IMAGE_<KEY>`, its key in the configuration file, its line in `--help` and in
 * the README and its entry in the JSON Schema all come from here.
 */
export interface OptionEntry<V = unknown, P extends Place = Place> {
  readonly kind: Kind<V>;
  /** One line without a full stop. */
  readonly help: string;
  /** As help shows it; the value itself belongs to whoever uses the option. */
  readonly default?: string;
  readonly group: GroupName;
  /** Commands that have the flag; none for a key of the file alone. */
  readonly commands: readonly CommandName[];
  readonly in: P;
  /** Whether a variable may set it; as a rule, everything that a file may set. */
  readonly environment?: boolean;
  readonly variants?: Readonly<Partial<Record<CommandName, Variant>>>;
  /** Several keys that say the same thing: one given on the command line hides the others of the environment and file. */
  readonly alternatives?: string;
  /** False: about this run alone, and no part of the configuration that reproduces its result. */
  readonly pinned?: boolean;
}

export type OptionTable = Readonly<Record<string, OptionEntry>>;

/** An entry, with the types that its kind and its place give it. */
export function option<V, const P extends Place>(entry: OptionEntry<V, P>): OptionEntry<V, P> {
  return entry;
}

export function hasVariable({ environment, in: place, commands }: OptionEntry): boolean {
  return commands.length > 0 && (environment ?? place !== 'flag');
}

/** `EC2_IMAGE_KEY_PREFIX` of `key-prefix`. */
export function variableOf(key: string): string {
  return `EC2_IMAGE_${key.replaceAll('-', '_').toUpperCase()}`;
}

export function isAtTop({ in: place }: OptionEntry): boolean {
  return place === 'top' || place === 'both';
}

export function isOfImage({ in: place }: OptionEntry): boolean {
  return place === 'image' || place === 'both';
}

/** The options of one command, with what is different in it. */
export function optionsOf(table: OptionTable, command: CommandName): [string, OptionEntry][] {
  return Object.entries(table)
    .filter(([, { commands }]) => commands.includes(command))
    .map(([key, entry]) => {
      const { repeats, ...words } = entry.variants?.[command] ?? {};
      return [key, { ...entry, ...words, ...(repeats && { kind: entry.kind.repeated() }) }];
    });
}
