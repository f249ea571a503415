import { openTestAccount, type TestAccount, type TestAccountOptions } from '@ec2-image/local-aws/testing';

export type { TestAccount } from '@ec2-image/local-aws/testing';

export const bucket = 'disk-images';
export const region = 'us-east-1';

/** Nothing takes longer than its own work: the tests have hundreds of imports. */
const quickEc2 = { importTaskMs: 60, snapshotCompletionMs: 20, imageCreationMs: 20 };

/** An account of its own, with a bucket, and clients that read it as anybody could. */
export function openAccount(options: TestAccountOptions = {}): Promise<TestAccount> {
  return openTestAccount({ region, buckets: [bucket], maxAttempts: 3, ec2: quickEc2, ...options });
}
