import { existsSync, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { cacheHome } from '../work-directory/cache-home.ts';

/**
 * A directory for Node's compile cache that no other user can write to, below `$XDG_CACHE_HOME` or `~/.cache`; made
 * where it is missing. Undefined where there is none to be trusted: then the command compiles itself at each start.
 *
 * Node runs what it finds in a compile cache, and its default is a directory of a known name in the temporary directory,
 * which anybody on the machine can make first.
 */
export function privateCompileCache(
  env: Readonly<Record<string, string | undefined>>,
  { uid = process.geteuid?.() }: { readonly uid?: number } = {},
): string | undefined {
  if (uid === undefined) return undefined;
  try {
    const wanted = join(cacheHome(env), 'ec2-image', 'compile-cache');
    if (!isAbsolute(wanted)) return undefined;
    // Nothing is made in a place that is somebody else's: root with the HOME of another user would leave it there for good.
    if (!makeDirectory(wanted, uid)) return undefined;
    const found = realpathSync(wanted);
    return isPrivate(lstatSync(wanted), uid) && isProtected(found, uid) ? found : undefined;
  } catch {
    // No home, one that cannot be written, or names that changed meanwhile.
    return undefined;
  }
}

/** False where it would have to be made in a directory that others can change. */
function makeDirectory(wanted: string, uid: number): boolean {
  const missing: string[] = [];
  let existing = wanted;
  while (!existsSync(existing)) {
    missing.unshift(basename(existing));
    existing = dirname(existing);
  }
  let directory = realpathSync(existing);
  if (!isProtected(directory, uid)) return false;
  for (const name of missing) {
    directory = join(directory, name);
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      // Another run makes it at the same time; whose it is shows at the end.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/**
 * The user's own, and nobody else can enter it: what Node makes in it has the modes that the umask of a run gave it, and
 * may be open to all.
 */
function isPrivate(stats: Stats, uid: number): boolean {
  return stats.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0;
}

/**
 * Nobody but the user and root can put something else under this path, which holds no links: every directory on the way
 * belongs to one of them, and others can write to it only where they cannot move what is not theirs.
 */
function isProtected(path: string, uid: number): boolean {
  const stats = lstatSync(path);
  const sticky = (stats.mode & 0o1000) !== 0;
  if (!stats.isDirectory() || (stats.uid !== uid && stats.uid !== 0)) return false;
  if ((stats.mode & 0o022) !== 0 && !sticky) return false;
  const parent = dirname(path);
  return parent === path || isProtected(parent, uid);
}
