import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { UsageError } from '../errors/cli-error.ts';
import type { OptionTable } from '../options/option.ts';
import { type ImageSettings, optionTable, type TopSettings } from '../options/table.ts';
import { inOneError } from './config-problems.ts';
import { namesCredential } from './credential-names.ts';
import { referencesIn } from './interpolate.ts';
import { offsetOf } from './offset-of.ts';
import { type Place, readSettings } from './settings-of.ts';
import { describeYamlProblem, independentErrors } from './yaml-problem.ts';

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
  /** The same with the column, from 1. */
  positionOf(...path: readonly string[]): Position | undefined;
}

export interface Position {
  readonly line: number;
  readonly column: number;
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
  return parseConfig({ path, source: await readConfigSource(path), env });
}

/** @throws UsageError `CONFIG_NOT_FOUND`, `CONFIG_INVALID` where it is too large */
export async function readConfigSource(path: string): Promise<string> {
  const source = await readAtMost(path, maxConfigBytes + 1).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      'CONFIG_NOT_FOUND',
      `cannot read the configuration ${path}: ${cause.code ?? cause.message}`,
      {
        hint: 'Name an existing file with --config.',
        cause,
      },
    );
  });
  if (Buffer.byteLength(source) > maxConfigBytes)
    throw invalid({ path, at: { line: 1, column: 1 }, problem: 'the file is larger than 4 MiB' });
  return source;
}

/** The file's text, or the start of it: a pipe, or what grows, may have no end. */
async function readAtMost(path: string, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The half of {@link readConfig} that reads no file.
 *
 * @param options.onProblem gets all that is wrong with the file, none of which is then thrown; by default one error has
 *   all of it
 */
export function parseConfig({
  path,
  source,
  env,
  table = optionTable,
  onProblem,
}: {
  readonly path: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly table?: OptionTable;
  readonly onProblem?: (problem: UsageError) => void;
}): ConfigFile {
  const problems: UsageError[] = [];
  const report = onProblem ?? ((problem) => void problems.push(problem));
  const end = (file: ConfigFile) => {
    if (problems.length > 0) throw inOneError(path, problems);
    return file;
  };
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const positionAt = (offset: number | undefined): Position | undefined => {
    if (offset === undefined) return undefined;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const positionOf = (...keys: readonly PropertyKey[]) => positionAt(offsetOf(document.contents, keys));
  const lineOf = (...keys: readonly PropertyKey[]) => positionOf(...keys)?.line;
  for (const error of independentErrors(document)) {
    const at = positionAt(error.pos[0]);
    const { keys, problem } = describeYamlProblem(document, error, source);
    const about = keys.length > 0 ? `${keys.join('.')}: ` : '';
    report(
      new UsageError('CONFIG_SYNTAX', `${path}:${at?.line}: ${about}${problem}`, {
        hint: 'Correct the YAML on that line.',
        facts: { path, ...at },
      }),
    );
  }
  const unread: ConfigFile = { path, source, config: {}, lineOf, positionOf };
  if (document.errors.length > 0) return end(unread);
  let isRefused = false;
  const refuse = (problem: UsageError) => {
    isRefused = true;
    if (!onProblem) throw problem;
    report(problem);
  };
  visit(document, {
    Alias: (_key, node) => {
      const at = positionAt(node.range?.[0]);
      refuse(invalid({ path, at, problem: 'YAML aliases are not supported' }));
    },
    Scalar: (_key, { value, range }) => {
      const credential = typeof value === 'string' ? referencesIn(value).find(namesCredential) : undefined;
      if (credential !== undefined) refuse(credentialNamed(credential, { path, at: positionAt(range?.[0]) }));
    },
  });
  // Its values may be credentials, which a message about them would repeat.
  if (isRefused) return unread;
  const fail = (keys: readonly PropertyKey[], what: string): never => {
    throw invalid({ path, at: positionOf(...keys), keys, problem: what });
  };
  /** What is wrong with one part of the file ends the reading of that part alone. */
  const attempt = (part: () => void) => {
    try {
      part();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      report(error);
    }
  };
  const place = (name: Place, keys: readonly string[]) => ({
    table,
    place: name,
    keys,
    directory: dirname(path),
    env,
    fail,
    attempt,
    onUnset(name: string, key: readonly PropertyKey[]): never {
      const at = positionOf(...key);
      throw new UsageError(
        'CONFIG_VARIABLE_UNSET',
        `${path}:${at?.line}: $\{${name}} is not set, and ${key.map(String).join('.')} needs it`,
        {
          hint: `Export ${name}, or write $\{${name}:-default}.`,
          facts: { path, ...at, variable: name },
        },
      );
    },
  });
  const { contents } = document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null))
    attempt(() => fail([], 'expected a mapping of settings'));
  const top = isMap(contents) ? contents : undefined;
  const config = readSettings(top, place('top', []));
  const images = top?.get('images', true);
  if (top?.has('images')) {
    if (!isMap(images)) attempt(() => fail(['images'], 'images must be a mapping of name to settings'));
    const byName = {};
    for (const { key, value } of isMap(images) ? images.items : []) {
      const name = String(isScalar(key) ? key.value : key);
      if (!isMap(value)) attempt(() => fail(['images', name], 'expected a mapping of settings'));
      const settings = readSettings(isMap(value) ? value : undefined, place('image', ['images', name]));
      Object.defineProperty(byName, name, { enumerable: true, value: settings });
    }
    Object.defineProperty(config, 'images', { enumerable: true, value: byName });
  }
  return end({ path, source, config: config as Config, lineOf, positionOf });
}

/**
 * Whether the variable is set or not, used or not: the file may come with a directory that somebody else wrote, and
 * decides which server its values are sent to.
 */
function credentialNamed(
  variable: string,
  { path, at }: { readonly path: string; readonly at: Position | undefined },
): UsageError {
  return new UsageError(
    'CONFIG_CREDENTIAL',
    `${path}:${at?.line}: $\{${variable}} is the name of a credential, which a configuration file must not use`,
    {
      hint: `Remove $\{${variable}}: values of the file are sent to servers and written to tags, and the AWS credentials are found without it. A URL that holds a secret can be given by --url, or exported whole under another name.`,
      facts: { path, ...at, variable },
    },
  );
}

function invalid(where: {
  readonly path: string;
  readonly at: Position | undefined;
  readonly keys?: readonly PropertyKey[];
  readonly problem: string;
}): UsageError {
  const { path, at, keys = [], problem } = where;
  const key = keys.map(String).join('.');
  const about = key && key !== 'images' ? `${key}: ` : '';
  return new UsageError('CONFIG_INVALID', `${path}:${at?.line ?? 1}: ${about}${problem}`, {
    hint: 'Correct that line. The keys are the names of the options: see `ec2-image import --help`.',
    facts: { path, ...at, key },
  });
}
