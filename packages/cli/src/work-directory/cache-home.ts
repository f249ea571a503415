import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** As the XDG Base Directory Specification has it: a relative path is ignored. */
export function cacheHome({ XDG_CACHE_HOME, HOME }: Readonly<Record<string, string | undefined>>): string {
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  return join(HOME ?? homedir(), '.cache');
}
