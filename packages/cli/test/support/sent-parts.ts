import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '@ec2-image/local-aws';
import { expect } from 'vitest';
import { type TestAccount, undisturbedCalls } from './account.ts';

/** The calls of an operation that were carried out: of one that is repeated because its answer was lost, the last. */
export function answered(account: TestAccount, operation: string): CallRecord[] {
  return undisturbedCalls(account, operation).filter(({ status = 0 }) => status >= 200 && status < 300);
}

/** Resolves once S3 has so many parts; fails where the import ends before. */
export function untilParts(
  account: TestAccount,
  count: number,
  importEnded: Promise<unknown>,
): Promise<void> {
  return untilAnswered(account, { operation: 'UploadPart', count }, importEnded);
}

/** The same of so many calls of any operation. */
export async function untilAnswered(
  account: TestAccount,
  { operation, count }: { readonly operation: string; readonly count: number },
  importEnded: Promise<unknown>,
): Promise<void> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  importEnded.then(end, end);
  while (answered(account, operation).length < count) {
    expect(hasEnded, 'the import has ended').toBe(false);
    await delay(20);
  }
}

/** One upload, and each part of it once. */
export function expectNoPartTwice(account: TestAccount): void {
  expect(answered(account, 'CreateMultipartUpload')).toHaveLength(1);
  const numbers = answered(account, 'UploadPart').map(({ parameters }) => parameters.partNumber);
  expect(numbers).toHaveLength(new Set(numbers).size);
}
