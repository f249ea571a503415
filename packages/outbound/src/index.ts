export type { AgentOptions } from './agent-options.ts';
export { createAgents } from './agents.ts';
export { readCaBundle, trustOnly } from './ca-bundle.ts';
export { createDispatcher, type DispatcherOptions } from './dispatcher.ts';
export { isLoopback } from './loopback.ts';
export { OutboundError, type OutboundErrorCode, outboundErrorIn } from './outbound-error.ts';
export { type Environment, type Proxies, readProxies } from './proxies.ts';
export { proxyFailure } from './proxy-failure.ts';
export { isBrokenTls, isUntrusted } from './tls.ts';
