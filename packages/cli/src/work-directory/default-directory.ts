import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheHome } from './cache-home.ts';

/** Of a directory that has one: earlier versions made it wherever they were started. */
const localName = '.ec2-image';

/**
 * The work directory where none is named: `.ec2-image` of the current directory if it exists, or else the user's cache
 * directory, so that a run is resumed from wherever the same command is started.
 */
export function defaultWorkDirectory(
  env: Readonly<Record<string, string | undefined>>,
  { directory = process.cwd() }: { readonly directory?: string } = {},
): string {
  const local = join(directory, localName);
  return existsSync(local) ? local : resolve(directory, cacheHome(env), 'ec2-image');
}
