import { UsageError } from '../errors/cli-error.ts';
import type { ImageSettings } from '../options/table.ts';
import { importRequests } from './import-request.ts';
import { type ConfigFile, parseConfig } from './read-config.ts';

/** What is wrong with one place of a configuration file. */
export interface ConfigProblem {
  readonly code: string;
  /** Without the place. */
  readonly message: string;
  readonly hint: string;
  /** From 1, as is the column. */
  readonly line: number;
  readonly column: number;
}

export interface ConfigVerdict {
  readonly images: readonly string[];
  /** In the order of the file. None: an import can be started with it. */
  readonly problems: readonly ConfigProblem[];
  /** Values that could not be checked, since a variable is not set. */
  readonly warnings: readonly ConfigProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Everything that an import of the file's images would refuse before it asks anybody, all of it at once.
 *
 * @param options.flags what the environment sets for an import
 */
export function validateConfig({
  path,
  source,
  env,
  flags = {},
}: {
  readonly path: string;
  readonly source: string;
  readonly env: Environment;
  readonly flags?: ImageSettings;
}): ConfigVerdict {
  const found = new Map<string, UsageError>();
  const onProblem = (error: UsageError) => void found.set(error.message, error);
  const file = parseConfig({ path, source, env, onProblem });
  const images = Object.keys(file.config.images ?? {});
  const attempt = (read: () => unknown) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      onProblem(error);
    }
  };
  for (const settings of [file.config, ...Object.values(file.config.images ?? {})]) {
    for (const key of Object.keys(settings)) attempt(() => settings[key as keyof typeof settings]);
  }
  const isWarning = ({ code }: UsageError) => code === 'CONFIG_VARIABLE_UNSET';
  // What an image lacks is known only once all that it has can be read.
  if ([...found.values()].every(isWarning)) {
    const before = found.size;
    for (const name of images) attempt(() => importRequests({ flags, names: [name], file }));
    // Each for itself is right: what is wrong now is wrong between them.
    if (found.size === before && images.length > 1)
      attempt(() => importRequests({ flags, names: images, file }));
  }
  const inOrder = [...found.values()].map((error) => ({ error, problem: problemOf(error, file) }));
  inOrder.sort((a, b) => a.problem.line - b.problem.line || a.problem.column - b.problem.column);
  const those = (warning: boolean) =>
    inOrder.filter(({ error }) => isWarning(error) === warning).map(({ problem }) => problem);
  return { images, problems: those(false), warnings: those(true) };
}

function problemOf({ code, message, hint, facts }: UsageError, { path }: ConfigFile): ConfigProblem {
  const { line = 1, column = 1 } = facts as Partial<Pick<ConfigProblem, 'line' | 'column'>>;
  const place = `${path}:${line}: `;
  return {
    code,
    message: message.startsWith(place) ? message.slice(place.length) : message,
    hint,
    line,
    column,
  };
}
