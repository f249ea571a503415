import { readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.ts';
import { defaultConfigFile } from './find-config.ts';
import { type Finished, renderPinYaml } from './pin-config.ts';
import type { ConfigFile } from './read-config.ts';

/**
 * Writes the configuration that pins these images, whole or not at all: into the file that was read, or, where there
 * was none, into a new `ec2-image.yaml` of the current directory. A file that has changed since it was read is left alone.
 *
 * @returns the file's path; undefined where there is nothing to pin
 * @throws CliError `CONFIG_CHANGED`, `CONFIG_NOT_WRITTEN`
 */
export async function writeConfig(
  finished: readonly Finished[],
  { file }: { readonly file?: ConfigFile },
): Promise<string | undefined> {
  const yaml = renderPinYaml(finished, { keepSecrets: true });
  if (yaml === '') return undefined;
  const path = file?.path ?? defaultConfigFile;
  try {
    const target = file ? await realpath(path) : path;
    const before = await readFile(target, 'utf8').catch(absent);
    if (before !== file?.source) throw changed(path);
    const mode = before === undefined ? 0o644 : (await stat(target)).mode;
    const unfinished = `${target}.${process.pid}.tmp`;
    await writeFile(unfinished, yaml, { mode });
    await rename(unfinished, target);
    return path;
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('CONFIG_NOT_WRITTEN', `cannot write ${path}: ${(cause as Error).message}`, {
      hint: 'The result stands: write the printed YAML into the file yourself.',
      cause,
      facts: { path },
    });
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function changed(path: string): CliError {
  return new CliError('CONFIG_CHANGED', `${path} has changed since it was read, and is not overwritten`, {
    hint: 'The result stands: write the printed YAML into the file yourself.',
    facts: { path },
  });
}
