import { BlockList, isIP } from 'node:net';
import { redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { netrcLogin } from './netrc.ts';

export const maxRedirects = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return redirectStatuses.has(status);
}

/**
 * Where a redirect leads. Only to http and https, and from https to http only where that is allowed.
 *
 * @throws FetchError `REDIRECT_REFUSED`
 */
export function redirectTarget(
  from: URL,
  location: string | undefined,
  { allowHttp = false }: { readonly allowHttp?: boolean } = {},
): URL {
  if (location === undefined) throw refused(from, 'without a target');
  const target = URL.parse(location, from.href);
  if (!target) throw refused(from, 'to an invalid URL');
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    throw refused(from, `to a ${target.protocol} URL`, target);
  if (from.protocol === 'https:' && target.protocol === 'http:' && !allowHttp)
    throw refused(from, `from https to http (${redactUrl(target)})`, target);
  if (target.origin === from.origin && target.username === '' && target.password === '') {
    target.username = from.username;
    target.password = from.password;
  }
  return target;
}

export function tooManyRedirects(start: URL): FetchError {
  return refused(start, `more than ${maxRedirects} times`);
}

/** The header for the credentials in a URL, or those of its host in the netrc file. */
export async function authorization({ protocol, hostname, username, password }: URL): Promise<{
  authorization?: string;
}> {
  if (username !== '' || password !== '') return basic(decode(username), decode(password));
  const found = protocol === 's3:' ? undefined : await netrcLogin(hostname);
  return found ? basic(found.login, found.password) : {};
}

function basic(login: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}` };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether what is sent to the URL stays on this machine. */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

function refused(from: URL, how: string, target?: URL): FetchError {
  return new FetchError('REDIRECT_REFUSED', `${redactUrl(from)} redirects ${how}`, {
    hint: 'Use the direct download URL.',
    facts: { url: redactUrl(from), ...(target && { target: redactUrl(target) }) },
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
