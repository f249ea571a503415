import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Login {
  readonly login: string;
  readonly password: string;
}

/**
 * What the file that NETRC names, or `~/.netrc`, has for a host, as curl and wget read it. An entry `default` would hand its
 * password to any server of a redirect, and does not count. Undefined where there is no such file, too.
 */
export async function netrcLogin(hostname: string): Promise<Login | undefined> {
  const path = process.env.NETRC || join(homedir(), '.netrc');
  const text = await readFile(path, 'utf8').catch(() => '');
  return parseNetrc(text).get(hostname.toLowerCase());
}

/** By host name; the first entry of a host counts. https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html */
export function parseNetrc(text: string): Map<string, Login> {
  const logins = new Map<string, Login>();
  // A macro ends with the next empty line.
  const entries = text
    .replace(/^[ \t]*macdef[ \t][^\n]*(?:\n(?!\r?\n)[^\n]*)*/gm, '')
    .replace(/^[ \t]*#.*$/gm, '');
  const words = Array.from(entries.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/gs), ([whole, quoted]) =>
    quoted === undefined ? whole : quoted.replace(/\\(.)/gs, '$1'),
  );
  let host: string | undefined;
  let login = '';
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === 'machine') {
      host = words[++at]?.toLowerCase();
      login = '';
    } else if (word === 'default') host = undefined;
    else if (word === 'login') login = words[++at] ?? '';
    else if (word === 'account') at++;
    else if (word === 'password') {
      const password = words[++at] ?? '';
      if (host !== undefined && !logins.has(host)) logins.set(host, { login, password });
    }
  }
  return logins;
}
