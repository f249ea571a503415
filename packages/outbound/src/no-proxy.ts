import { BlockList, isIP } from 'node:net';
import { bareHost } from './loopback.ts';

interface Rule {
  matches(host: string): boolean;
  /** Undefined: any. */
  readonly port?: number;
}

/**
 * What NO_PROXY names, as curl, Go and Python read it between them: names with everything below them (`example.com`,
 * `.example.com`), names below alone (`*.example.com`), addresses, networks (`10.0.0.0/8`), each with a port or without;
 * `*` is everything. Separated by commas or blanks. A name is not resolved to be compared with a network.
 */
export function parseNoProxy(value: string): (host: string, port: number) => boolean {
  const rules = value
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(ruleOf);
  return (hostname, port) => {
    const host = bareHost(hostname);
    return rules.some((rule) => (rule.port === undefined || rule.port === port) && rule.matches(host));
  };
}

function ruleOf(entry: string): Rule {
  const { name, port } = splitPort(entry.toLowerCase());
  return { matches: matcherOf(name), ...(port !== undefined && { port }) };
}

/** An IPv6 address has colons of its own: with a port it is in brackets. */
function splitPort(entry: string): { name: string; port?: number } {
  const [, name, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry) ?? [];
  return name === undefined ? { name: entry } : { name, port: Number(port) };
}

function matcherOf(name: string): Rule['matches'] {
  if (name === '*') return () => true;
  const [address = '', prefix] = name.replace(/^\[(.*)\]/, '$1').split('/');
  const family = isIP(address);
  if (family !== 0) return networkMatcher(address, family === 6 ? 'ipv6' : 'ipv4', prefix);
  const suffix = bareHost(name.replace(/^\*?\./, ''));
  const isBelowAlone = name.startsWith('*.');
  return (host) => host.endsWith(`.${suffix}`) || (!isBelowAlone && host === suffix);
}

function networkMatcher(address: string, family: 'ipv4' | 'ipv6', prefix: string | undefined) {
  const length = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix);
  const network = new BlockList();
  // A prefix that is none makes an entry that names nothing.
  if (Number.isInteger(length) && length >= 0 && length <= (family === 'ipv6' ? 128 : 32)) {
    network.addSubnet(address, length, family);
  }
  return (host: string) => isIP(host) !== 0 && network.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
