import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { AgentOptions } from './agent-options.ts';
import type { ChosenProxy } from './proxies.ts';
import { ForwardAgent, TunnelAgent } from './tunnel-agent.ts';

/** Agents of Node's http client, by way of a proxy or, without one, directly. */
export function createAgents(
  proxy: ChosenProxy | undefined,
  { ca, connectTimeoutMs, ...options }: Omit<AgentOptions, 'proxyCa'>,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  if (!proxy) {
    return {
      httpAgent: new HttpAgent(options),
      httpsAgent: new HttpsAgent({ ...options, ...(ca && { ca: [...ca] }) }),
    };
  }
  const all = { ...options, connectTimeoutMs, ...(ca && { ca, proxyCa: proxyAuthorities(ca) }) };
  return {
    httpAgent: new ForwardAgent(proxy, all),
    httpsAgent: new TunnelAgent(proxy, all) as unknown as HttpsAgent,
  };
}

/** A proxy of the same organization has a certificate of the same authority, or one that everybody trusts. */
export function proxyAuthorities(ca: readonly string[]): string[] {
  return [...getCACertificates('default'), ...ca];
}
