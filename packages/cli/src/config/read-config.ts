import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { UsageError } from '../errors/cli-error.ts';
import type { OptionTable } from '../options/option.ts';
import { type ImageSettings, optionTable, type TopSettings } from '../options/table.ts';
import { namesCredential } from './credential-names.ts';
import { referencesIn } from './interpolate.ts';
import { offsetOf } from './offset-of.ts';
import { type Place, readSettings } from './settings-of.ts';

/**
 * What a configuration file says. A value that refers to the environment is resolved when it is read here, and not
 * before: nobody needs a variable for a setting that is not used.
 */
export type Config = TopSettings & { readonly images?: Readonly<Record<string, ImageSettings>> };

export interface ConfigFile {
  /** As errors name it. */
  readonly path: string;
  /** The file itself, as it was read. */
  readonly source: string;
  readonly config: Config;
  /** The line of a key, from 1, for errors found later on. */
  lineOf(...path: readonly string[]): number | undefined;
}

/** A configuration of more than this is none. */
const maxConfigBytes = 4 * 1024 * 1024;

/**
 * Reads and checks a configuration file.
 *
 * @throws UsageError `CONFIG_NOT_FOUND`, `CONFIG_SYNTAX`, `CONFIG_CREDENTIAL`, `CONFIG_INVALID`; when a value is read, also `CONFIG_VARIABLE_UNSET`
 */
export async function readConfig({
  path,
  env,
}: {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<ConfigFile> {
  const source = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      'CONFIG_NOT_FOUND',
      `cannot read the configuration ${path}: ${cause.code ?? cause.message}`,
      {
        hint: 'Name an existing file with --config.',
        cause,
      },
    );
  });
  if (source.length > maxConfigBytes)
    throw invalid({ path, line: 1, problem: 'the file is larger than 4 MiB' });
  return parseConfig({ path, source, env });
}

/** The half of {@link readConfig} that reads no file. */
export function parseConfig({
  path,
  source,
  env,
  table = optionTable,
}: {
  readonly path: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly table?: OptionTable;
}): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? undefined : lines.linePos(offset).line;
  const [problem] = document.errors;
  if (problem) {
    throw new UsageError('CONFIG_SYNTAX', `${path}:${lineAt(problem.pos[0])}: ${problem.message}`, {
      hint: 'Correct the YAML on that line.',
      facts: { path, line: lineAt(problem.pos[0]) },
    });
  }
  visit(document, {
    Alias: (_key, node) => {
      throw invalid({ path, line: lineAt(node.range?.[0]), problem: 'YAML aliases are not supported' });
    },
    Scalar: (_key, { value, range }) => {
      const credential = typeof value === 'string' ? referencesIn(value).find(namesCredential) : undefined;
      if (credential !== undefined) throw credentialNamed(credential, { path, line: lineAt(range?.[0]) });
    },
  });
  const lineOf = (...keys: readonly PropertyKey[]) => lineAt(offsetOf(document.contents, keys));
  const fail = (keys: readonly PropertyKey[], what: string): never => {
    throw invalid({ path, line: lineOf(...keys), keys, problem: what });
  };
  const place = (name: Place, keys: readonly string[]) => ({
    table,
    place: name,
    keys,
    directory: dirname(path),
    env,
    fail,
    onUnset(name: string, key: readonly PropertyKey[]): never {
      const line = lineOf(...key);
      throw new UsageError(
        'CONFIG_VARIABLE_UNSET',
        `${path}:${line}: $\{${name}} is not set, and ${key.map(String).join('.')} needs it`,
        {
          hint: `Export ${name}, or write $\{${name}:-default}.`,
          facts: { path, line, variable: name },
        },
      );
    },
  });
  const { contents } = document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null))
    fail([], 'expected a mapping of settings');
  const top = isMap(contents) ? contents : undefined;
  const config = readSettings(top, place('top', []));
  const images = top?.get('images', true);
  if (top?.has('images')) {
    if (!isMap(images)) fail(['images'], 'images must be a mapping of name to settings');
    const byName = {};
    for (const { key, value } of isMap(images) ? images.items : []) {
      const name = String(isScalar(key) ? key.value : key);
      if (!isMap(value)) fail(['images', name], 'expected a mapping of settings');
      const settings = readSettings(isMap(value) ? value : undefined, place('image', ['images', name]));
      Object.defineProperty(byName, name, { enumerable: true, value: settings });
    }
    Object.defineProperty(config, 'images', { enumerable: true, value: byName });
  }
  return { path, source, config: config as Config, lineOf };
}

/**
 * Whether the variable is set or not, used or not: the file may come with a directory that somebody else wrote, and
 * decides which server its values are sent to.
 */
function credentialNamed(
  variable: string,
  { path, line }: { readonly path: string; readonly line: number | undefined },
): UsageError {
  return new UsageError(
    'CONFIG_CREDENTIAL',
    `${path}:${line}: $\{${variable}} is the name of a credential, which a configuration file must not use`,
    {
      hint: `Remove $\{${variable}}: values of the file are sent to servers and written to tags, and the AWS credentials are found without it. A URL that holds a secret can be given by --url, or exported whole under another name.`,
      facts: { path, line, variable },
    },
  );
}

function invalid(where: {
  readonly path: string;
  readonly line: number | undefined;
  readonly keys?: readonly PropertyKey[];
  readonly problem: string;
}): UsageError {
  const { path, line, keys = [], problem } = where;
  const key = keys.map(String).join('.');
  const about = key && key !== 'images' ? `${key}: ` : '';
  return new UsageError('CONFIG_INVALID', `${path}:${line ?? 1}: ${about}${problem}`, {
    hint: 'Correct that line. The keys are the names of the options: see `ec2-image import --help`.',
    facts: { path, line, key },
  });
}
