import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import {
  type AccountClients,
  connectAccount,
  type TestAccount,
  type TestAccountOptions,
} from '../../src/testing/index.ts';
import { openAccount as openStrictAccount } from '../support/account.ts';

export interface Clients extends AccountClients {
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

/** An emulator with an account of its own, empty at first, and the stock clients for it. */
export type Account = Clients & TestAccount;

export { accountId } from '../support/account.ts';

function withMoreClients<Of extends AccountClients>(clients: Of): Of & Clients {
  return { ...clients, iam: clients.client(IAMClient), sts: clients.client(STSClient) };
}

/** Of an emulator in another process, whose clock moves: they correct theirs by what it answers. */
export function createClients(url: string, directory: string): Clients {
  return withMoreClients(connectAccount({ url, directory, maxAttempts: 3 }));
}

/** A directory that is given is left. */
export async function openAccount(options: TestAccountOptions = {}): Promise<Account> {
  return withMoreClients(await openStrictAccount(options));
}

/** What a refused call is recognised by. */
export function refusal(code: string, message?: string | RegExp, status = 400) {
  return expect.objectContaining({
    name: code,
    ...(message !== undefined && {
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }),
    $metadata: expect.objectContaining({ httpStatusCode: status }),
  });
}
