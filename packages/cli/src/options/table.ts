import { amiOptions } from './groups/ami.ts';
import { bootTestOptions } from './groups/boot-test.ts';
import { checkOptions } from './groups/checks.ts';
import { cleanupOptions } from './groups/cleanup.ts';
import { accountOptions, outputOptions } from './groups/common.ts';
import { imageOptions } from './groups/image.ts';
import { inventoryOptions } from './groups/inventory.ts';
import { publishOptions } from './groups/publish.ts';
import { verifyOptions } from './groups/verify.ts';
import { wayOptions } from './groups/way.ts';
import type { OptionEntry, OptionTable } from './option.ts';

/**
 * Every option there is, and the only place that lists them. Flags, variables, the configuration file's keys, `--help`,
 * the JSON Schema in `docs/schema` and the README's table are made from it: a further option is an entry here and its use.
 */
const table = {
  ...imageOptions,
  ...wayOptions,
  ...amiOptions,
  ...publishOptions,
  ...verifyOptions,
  ...bootTestOptions,
  ...inventoryOptions,
  ...cleanupOptions,
  ...checkOptions,
  ...accountOptions,
  ...outputOptions,
};

/** Those of an import that change nothing of what it would do. */
const ofRunsAlone: readonly string[] = [
  'apply',
  'yes',
  'force',
  'cancel-on-interrupt',
  'dry-run',
  'manifest',
  'manifest-format',
  'report',
  'write-config',
];

export const optionTable: OptionTable = Object.fromEntries(
  Object.entries<OptionEntry>(table).map(([key, entry]) => [
    key,
    ofRunsAlone.includes(key) ? entry : alsoOfPlan(entry),
  ]),
);

/** `plan` takes what `import` takes: a plan is one of the same command line. */
function alsoOfPlan(entry: OptionEntry): OptionEntry {
  const { commands, variants } = entry;
  if (!commands.includes('import')) return entry;
  return {
    ...entry,
    commands: [...commands, 'plan'],
    ...(variants?.import && { variants: { ...variants, plan: variants.import } }),
  };
}

type Table = typeof table;

export type OptionKey = keyof Table;

/** What an option's value is once it is read: seconds, bytes, text… */
export type ValueOf<K extends OptionKey> = Table[K] extends OptionEntry<infer V, infer _> ? V : never;

type KeysIn<P> = {
  [K in OptionKey]: Table[K] extends OptionEntry<infer _, infer Q> ? (Q extends P ? K : never) : never;
}[OptionKey];

/** What describes one image. */
export type ImageSettings = { readonly [K in KeysIn<'image' | 'both'>]?: ValueOf<K> };

/** What stands at the top of a configuration file, its images aside. */
export type TopSettings = { readonly [K in KeysIn<'top' | 'both'>]?: ValueOf<K> };
