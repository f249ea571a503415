import { DescribeSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { TestAccount, TestAccountOptions } from '../../src/testing/index.ts';
import { openAccount } from '../support/account.ts';

/** An account in adverse conditions; its client repeats a call as the stock one does. */
export function openAdverse(options: TestAccountOptions = {}): Promise<TestAccount> {
  return openAccount({ conditions: 'adverse', maxAttempts: 5, ...options });
}

/** Opens an account for each of the seeds in turn until one of them shows it; the number of the seed. */
export async function firstSeedThat(
  shows: (account: TestAccount) => Promise<boolean>,
  options: TestAccountOptions = {},
): Promise<number> {
  for (let seed = 1; seed <= 40; seed += 1) {
    await using account = await openAdverse({ seed, ...options });
    if (await shows(account)) return seed;
  }
  throw new Error('no seed of 40 shows it');
}

/** Whether it shows in a list of all snapshots. */
export async function isListed(ec2: EC2Client, id: string): Promise<boolean> {
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return Snapshots.some(({ SnapshotId }) => SnapshotId === id);
}

/** The error's name, or what the answer is. */
export async function outcomeOf<T>(work: Promise<T>): Promise<T | string> {
  return work.catch((error: Error) => error.name);
}

export const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'vmie.amazonaws.com' }, Action: 'sts:AssumeRole' },
});
