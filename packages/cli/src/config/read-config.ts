import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { namesCredential } from './credential-names.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigFile {
  readonly path: string;
  readonly config: Config;
  /** The line of a key, from 1, for errors found later on. */
  lineOf(...path: readonly string[]): number | undefined;
}

/** A configuration of more than this is none. */
const maxConfigBytes = 4 * 1024 * 1024;

/**
 * Reads, interpolates and checks a configuration file.
 *
 * @throws UsageError `CONFIG_NOT_FOUND`, `CONFIG_SYNTAX`, `CONFIG_VARIABLE_UNSET`, `CONFIG_CREDENTIAL`, `CONFIG_INVALID`
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

/** The pure half of {@link readConfig}. */
export function parseConfig({
  path,
  source,
  env,
}: {
  readonly path: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
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
      throw invalid({ path, line: lineAt(node.range?.[0]), problem: 'aliases are not taken here' });
    },
    Scalar: (key, node, ancestors) => {
      if (key === 'key') return;
      if (typeof node.value !== 'string') {
        if (node.source !== undefined && isText(ancestors)) node.value = node.source;
        return;
      }
      node.value = interpolate(node.value, {
        env,
        onCredential(name) {
          throw new UsageError(
            'CONFIG_CREDENTIAL',
            `${path}:${lineAt(node.range?.[0])}: $\{${name}} is the name of a credential, which a configuration file must not use`,
            {
              hint: `Remove $\{${name}}: values of the file are sent to servers and written to tags, and the AWS credentials are found without it. A URL that holds a secret can be given by --url, or exported whole under a name of its own, such as IMAGE_URL.`,
              facts: { path, line: lineAt(node.range?.[0]), variable: name },
            },
          );
        },
        onUnset(name) {
          throw new UsageError(
            'CONFIG_VARIABLE_UNSET',
            `${path}:${lineAt(node.range?.[0])}: $\{${name}} is not set`,
            {
              hint: `Export ${name}, or write $\{${name}:-default}.`,
              facts: { path, line: lineAt(node.range?.[0]), variable: name },
            },
          );
        },
      });
    },
  });
  const lineOf = (...keys: readonly PropertyKey[]) => lineAt(offsetOf(document.contents, keys));
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const { keys, problem: what } = describeIssue(parsed.error.issues[0]!);
    throw invalid({ path, line: lineOf(...keys), keys, problem: what });
  }
  return { path, config: parsed.data, lineOf };
}

/** Keys whose value is text even where YAML sees a number in it, such as an account id or a date as suffix. */
const textKeys: ReadonlySet<unknown> = new Set(['suffix', 'bucket-owner', 'sha256', 'sha512']);

function isText(ancestors: readonly unknown[]): boolean {
  const keyOf = (node: unknown) => (isPair(node) && isScalar(node.key) ? node.key.value : undefined);
  return textKeys.has(keyOf(ancestors.at(-1))) || keyOf(ancestors.at(-3)) === 'tag';
}

/**
 * `${NAME}` and `${NAME:-default}`; `$$` is a dollar sign. A name of a credential is refused whether it is set or not:
 * the file may come with a directory that somebody else wrote, and decides which server its values are sent to.
 */
export function interpolate(
  text: string,
  {
    env,
    onCredential,
    onUnset,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    onCredential(name: string): never;
    onUnset(name: string): never;
  },
): string {
  return text.replace(
    /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})/g,
    (match, name?: string, fallback?: string) => {
      if (match === '$$') return '$';
      if (namesCredential(name!)) onCredential(name!);
      const value = env[name!];
      return value || (fallback ?? value ?? onUnset(name!));
    },
  );
}

/** Where an issue is, as a path of keys, and what it is, in words. Shared with the command line. */
export function describeIssue(issue: z.core.$ZodIssue): { keys: PropertyKey[]; problem: string } {
  if (issue.code === 'unrecognized_keys') {
    return { keys: [...issue.path, issue.keys[0]!], problem: 'unknown key' };
  }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().at(-1);
    return { keys: issue.path, problem: inner?.message ?? issue.message };
  }
  if (issue.code === 'invalid_key')
    return { keys: issue.path, problem: issue.issues[0]?.message ?? issue.message };
  return { keys: issue.path, problem: issue.message };
}

function invalid(where: {
  readonly path: string;
  readonly line: number | undefined;
  readonly keys?: readonly PropertyKey[];
  readonly problem: string;
}): UsageError {
  const { path, line, keys = [], problem } = where;
  const key = keys.map(String).join('.');
  return new UsageError('CONFIG_INVALID', `${path}:${line ?? 1}: ${key ? `${key}: ` : ''}${problem}`, {
    hint: 'Correct that line; `ec2-image import --help` lists the keys: they are the words of the flags.',
    facts: { path, line, key },
  });
}

function offsetOf(root: unknown, keys: readonly PropertyKey[]): number | undefined {
  let offset: number | undefined;
  let node: unknown = root;
  for (const key of keys) {
    if (isAlias(node) || !isMap(node)) {
      const child: unknown = (
        node as { get?(key: unknown, keepScalar: boolean): unknown } | undefined
      )?.get?.(key, true);
      offset = (child as Node | undefined)?.range?.[0] ?? offset;
      node = child;
      continue;
    }
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    if (!pair) break;
    offset = (pair.key as Node).range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}
