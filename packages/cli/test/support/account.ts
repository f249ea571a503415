import type { CallRecord } from '@ec2-image/local-aws';
import {
  openTestAccount,
  type PublicationRules,
  type TestAccount,
  type TestAccountOptions,
} from '@ec2-image/local-aws/testing';
import { whyUnfinished } from './why-unfinished.ts';

export type { TestAccount } from '@ec2-image/local-aws/testing';

export const bucket = 'disk-images';
export const region = 'us-east-1';

/** Nothing takes longer than its own work: the tests have hundreds of imports. */
const quickEc2 = { importTaskMs: 60, snapshotCompletionMs: 20, imageCreationMs: 20 };

export interface AccountOptions extends TestAccountOptions {
  /** What else has to be before anything is shared or announced. */
  readonly publication?: PublicationRules;
}

/**
 * An account of its own, with a bucket. Adverse, by EC2_IMAGE_SEED, unless a test asks for `calm` conditions, where it
 * counts calls or compares what is printed. The command meets them; the account's own `ec2` and `s3` watch and prepare,
 * and see what is there. After every call of anybody else, nothing unfinished may be shared or announced: disposing of the account
 * throws where it was.
 */
export async function openAccount({ publication, ...options }: AccountOptions = {}): Promise<TestAccount> {
  const account = await openTestAccount({
    region,
    buckets: [bucket],
    conditions: 'adverse',
    ec2: quickEc2,
    publication: { whyUnfinished, ...publication },
    ...options,
  });
  return { ...account, ...account.observer };
}

/**
 * The calls of an operation that met nothing: one for each effect, however often a lost answer or throttling has it
 * repeated.
 */
export function undisturbedCalls({ calls }: TestAccount, operation: string): CallRecord[] {
  return calls(operation).filter(({ met }) => met === undefined);
}
