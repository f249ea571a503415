import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import type { ImageRun } from './run.ts';

/** What may have happened on the way of a stream. */
const wrongStreamCodes: readonly string[] = [
  'CORRUPT_COMPRESSION',
  'DIGEST_MISMATCH',
  'DISK_SIZE_WRONG',
  'FILE_CHANGED',
  'TRUNCATED_COMPRESSION',
];

/** A download that is a file is repeated once, too. */
export function mayStreamAgain({ wrongStreams }: ImageRun, reason: unknown): reason is ExplainedError {
  if (!isExplained(reason) || !wrongStreamCodes.includes(reason.code)) return false;
  wrongStreams.number += 1;
  wrongStreams.isSizeWrong ||= reason.code === 'DISK_SIZE_WRONG';
  return wrongStreams.number === 1;
}
