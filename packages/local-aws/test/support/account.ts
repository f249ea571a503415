import { EBSClient } from '@aws-sdk/client-ebs';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { test as base, expect } from 'vitest';
import { openTestAccount, type TestAccount, type TestAccountOptions } from '../../src/testing/index.ts';

export { describe, expect } from 'vitest';
export type { TestAccount } from '../../src/testing/index.ts';

export const accountId = '123456789012';

/**
 * A call that the emulator does not have, or a bug of its own, fails the test that meets it.
 * Calm: the emulator itself is under test here, each answer to the letter; `conditions/` tests the adverse ones.
 */
export function openAccount(options: TestAccountOptions = {}): Promise<TestAccount> {
  return openTestAccount({
    conditions: 'calm',
    // What the emulator lets anybody do, its tests do.
    publication: 'unwatched',
    onNotice: (message) => {
      throw new Error(message);
    },
    ...options,
  });
}

/** Opens accounts, which it closes together. */
export class Accounts implements AsyncDisposable {
  readonly #opened: TestAccount[] = [];

  async open(options: TestAccountOptions): Promise<TestAccount> {
    const account = await openAccount(options);
    this.#opened.push(account);
    return account;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((account) => account[Symbol.asyncDispose]()));
  }
}

/**
 * Tests that share the account of their file, and clients for it.
 *
 * @param prepare fills the account, which is empty at first
 */
export function testWith(
  options: TestAccountOptions = {},
  prepare: (account: TestAccount) => unknown = () => {},
) {
  return (
    base
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
      .extend('account', { scope: 'file' }, async ({}, { onCleanup }) => {
        const account = await openAccount(options);
        onCleanup(() => account[Symbol.asyncDispose]());
        await prepare(account);
        return account;
      })
      .extend('ebs', { scope: 'file' }, ({ account }) => account.client(EBSClient))
      .extend('iam', { scope: 'file' }, ({ account }) => account.client(IAMClient))
      .extend('sts', { scope: 'file' }, ({ account }) => account.client(STSClient))
  );
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
