import { hour, minute, type Policy, second } from './policy.ts';

/** Snapshots that are written or read by EBS direct. */
export const blockPolicies = {
  ebsCall: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    attempts: 6,
    reason:
      'StartSnapshot and CompleteSnapshot that are throttled; a token or their nature allows to repeat them.',
  },
  block: {
    firstMs: second / 4,
    longestMs: 10 * second,
    limitMs: 2.5 * minute,
    reason:
      'One block that EBS does not store, since any block last was stored: where few get through, the others wait.',
  },
  damagedBlock: {
    firstMs: second / 4,
    longestMs: 10 * second,
    attempts: 4,
    reason: 'A block that arrives damaged each time is damaged on this machine, not on the way.',
  },
  startedSnapshot: {
    firstMs: second / 4,
    longestMs: 10 * second,
    limitMs: 2.5 * minute,
    reason: 'EBS may answer "does not exist" for about two minutes after StartSnapshot.',
  },
  restartSnapshot: {
    firstMs: 0,
    longestMs: 0,
    attempts: 5,
    reason: 'Snapshots that one run starts, each because the one before was deleted or cannot be used.',
  },
  completeSnapshot: {
    firstMs: second / 2,
    longestMs: 15 * second,
    limitMs: hour,
    reason: 'EBS completes a snapshot by itself, and only EC2 tells when.',
  },
  refusedSnapshot: {
    firstMs: second / 2,
    longestMs: 15 * second,
    limitMs: 5 * minute,
    reason: 'A snapshot that takes no more blocks: another run has completed it, which EC2 shows later.',
  },
  deletedSnapshot: {
    firstMs: second / 2,
    longestMs: 15 * second,
    attempts: 15,
    reason:
      'So many reads in a row, over some two minutes, must miss a snapshot before it counts as deleted.',
  },
  completedElsewhere: {
    firstMs: 2 * second,
    longestMs: 2 * second,
    attempts: 10,
    reason: 'A snapshot that may not be read back: the run that completed it tags it soon after.',
  },
  readBlock: {
    firstMs: second / 2,
    longestMs: 30 * second,
    attempts: 8,
    reason: 'One block, or one page of the list of blocks, that is lost or arrives damaged.',
  },
  differingSnapshot: {
    firstMs: 0,
    longestMs: 0,
    attempts: 2,
    reason: 'A snapshot that --verify finds different is deleted and made again, once.',
  },
} as const satisfies Readonly<Record<string, Policy>>;
