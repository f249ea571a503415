export type { AccountContents } from './account-contents.ts';
export { type AccountClients, type ClientSettings, connectAccount } from './connect-account.ts';
export { type ForwardProxy, type ForwardProxyOptions, startForwardProxy } from './forward-proxy.ts';
export type { PublicationRules } from './publication/find-unfinished.ts';
export { type Certificate, selfSigned } from './self-signed.ts';
export { openTestAccount, type TestAccount, type TestAccountOptions } from './test-account.ts';
export { startTlsTerminator, type TlsTerminator } from './tls-terminator.ts';
