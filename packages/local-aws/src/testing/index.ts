export type { AccountContents } from './account-contents.ts';
export { type AccountClients, type ClientSettings, connectAccount } from './connect-account.ts';
export { openTestAccount, type TestAccount, type TestAccountOptions } from './test-account.ts';
