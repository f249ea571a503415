import type { Pace } from './back-off.ts';

/**
 * How long to wait for something, or how often to try it, and why so long. The pauses of a wait for EC2 are
 * also never longer than `--poll-interval`.
 */
export interface Policy extends Pace {
  /** When to give up, in milliseconds since the beginning. */
  readonly limitMs?: number;
  /** When to give up, by the number of attempts, the first included. */
  readonly attempts?: number;
  /** How long each attempt may take, the SDK's retries included, in milliseconds. */
  readonly attemptMs?: number;
  readonly reason: string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Every limit of waiting for AWS and of calling it again. `docs/architecture.md` shows this table. */
export const policies = {
  request: {
    firstMs: 0,
    longestMs: 20 * second,
    attempts: 8,
    attemptMs: minute,
    reason:
      'What the SDK repeats by itself, at its own pace, and how long a connection may be idle (--max-attempts, --request-timeout).',
  },
  connect: {
    firstMs: 0,
    longestMs: 0,
    limitMs: 10 * second,
    reason: 'The TCP and TLS handshakes of one connection.',
  },
  outage: {
    firstMs: second / 10,
    longestMs: 30 * second,
    limitMs: 15 * minute,
    reason:
      'Any call without an answer, since the last one: outages of a region and of a line are shorter (--outage-timeout).',
  },
  importTask: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 2 * hour,
    reason:
      'A task that shows no progress: 2 to 15 minutes are usual, an hour has been reported (--import-timeout).',
  },
  importTaskEnd: {
    firstMs: second,
    longestMs: 15 * second,
    limitMs: 15 * minute,
    reason: 'A cancelled or failed task still deletes what it had begun: usually within two minutes.',
  },
  importAgain: {
    firstMs: 30 * second,
    longestMs: 5 * minute,
    attempts: 3,
    reason:
      '"Disk validation failed" has been seen on good images that imported on the next try (--import-attempts).',
  },
  startImport: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 4,
    reason:
      'ImportSnapshot that is throttled, each looked up before the next; the SDK has retried each already.',
  },
  freshRole: {
    firstMs: 5 * second,
    longestMs: 15 * second,
    limitMs: 2 * minute,
    reason: 'EC2 sees a service role, and what it allows, up to a minute after it was made.',
  },
  startQuota: {
    firstMs: 15 * second,
    longestMs: minute,
    limitMs: 2 * hour,
    reason:
      'A limit on imports or snapshots at a time passes when one of them ends, at whatever call it shows.',
  },
  visible: {
    firstMs: second,
    longestMs: 15 * second,
    limitMs: 3 * minute,
    reason: "EC2's reads lag behind its writes by seconds, at worst by a few minutes.",
  },
  consistentAbsence: {
    firstMs: second,
    longestMs: second,
    attempts: 3,
    reason: 'So many reads must agree that something is absent before it is made or given up.',
  },
  unseenSnapshot: {
    firstMs: second,
    longestMs: 5 * second,
    attempts: 8,
    reason:
      'More reads must miss the snapshot that a task of the last day names before it counts as deleted: another import would cost more.',
  },
  snapshot: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 2 * hour,
    reason: 'A pending snapshot that shows no progress.',
  },
  ami: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 15 * minute,
    reason: 'An AMI of a finished snapshot becomes available within seconds.',
  },
  registerImage: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 12,
    reason:
      'About four minutes for EC2 to show the AMI whose name it says is taken; RegisterImage has no token.',
  },
  tags: {
    firstMs: second,
    longestMs: 30 * second,
    limitMs: 3 * minute,
    reason: 'A resource made a moment ago may not be known everywhere, nor its tags be readable.',
  },
  snapshotInUse: {
    firstMs: 2 * second,
    longestMs: 30 * second,
    limitMs: 10 * minute,
    reason: 'A snapshot stays in use for minutes after its AMI was deregistered.',
  },
  remove: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 4,
    reason: 'A removal that is throttled; repeating one that was carried out does no harm.',
  },
  updateImage: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 4,
    reason: 'A setting of an AMI that is changed; repeating a change that was made does no harm.',
  },
  part: {
    firstMs: second / 2,
    longestMs: 20 * second,
    attempts: 4,
    attemptMs: 5 * minute,
    reason: 'One part of an upload that arrives damaged.',
  },
  completeUpload: {
    firstMs: second / 2,
    longestMs: 20 * second,
    attempts: 6,
    attemptMs: 15 * minute,
    reason:
      'S3 may take minutes to assemble 10,000 parts; between two attempts the outcome of the first is looked up.',
  },
  readObject: {
    firstMs: second / 2,
    longestMs: 20 * second,
    attempts: 3,
    reason: 'One stretch of an object read back, whose body broke off after the SDK had handed it over.',
  },
  adoptUpload: {
    firstMs: 0,
    longestMs: 0,
    limitMs: 15 * minute,
    reason: 'An upload of another machine must have been idle for so long before it is taken over.',
  },
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
  corruptUpload: {
    firstMs: 0,
    longestMs: 0,
    attempts: 3,
    reason: 'An upload that S3 stored otherwise than it was sent, or that something else ended.',
  },
  examination: {
    firstMs: 0,
    longestMs: 0,
    limitMs: 10 * second,
    reason: 'A service that does not answer doctor: it says so, where an import waits.',
  },
  startInstance: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 8,
    reason:
      'RunInstances that is throttled, or that does not see a fresh AMI yet; a token allows to repeat it.',
  },
  bootTest: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 10 * minute,
    reason: 'An instance whose console does not show that it is up: EC2 shows a console minutes later.',
  },
  endedInstance: {
    firstMs: 0,
    longestMs: 0,
    attempts: 3,
    reason: 'Boot tests whose instance something else ends: another test of the AMI, or EC2 itself.',
  },
  terminateInstance: {
    firstMs: second,
    longestMs: 15 * second,
    limitMs: 3 * minute,
    reason: 'Until EC2 shows that an instance ends; an instance may not be known everywhere at first.',
  },
  putParameter: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 8,
    reason: 'PutParameter that is throttled, of which SSM takes three a second, or meets another change.',
  },
  parameter: {
    firstMs: second,
    longestMs: 15 * second,
    limitMs: 5 * minute,
    reason: 'SSM validates the AMI of a parameter after it has answered, and shows no parameter before.',
  },
  startCopy: {
    firstMs: second,
    longestMs: 30 * second,
    attempts: 8,
    reason:
      'CopyImage that is throttled, or that does not see a fresh AMI from its region yet; a token allows to repeat it.',
  },
  copy: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 4 * hour,
    reason: 'A copy of an AMI shows no progress: about ten minutes are usual, and what copy-within says.',
  },
  copyAgain: {
    firstMs: 0,
    longestMs: 0,
    attempts: 3,
    reason:
      'Copies of an AMI to one region that one run starts, each because the one before failed or is gone.',
  },
  published: {
    firstMs: second / 2,
    longestMs: 15 * second,
    limitMs: 3 * minute,
    reason: 'Permissions and deprecation that were set: EC2 shows them seconds later.',
  },
  answeringRegions: {
    firstMs: 0,
    longestMs: 0,
    limitMs: 20 * second,
    reason:
      'How long the plan waits for regions to answer: one that answers later is published all the same.',
  },
  cleanUp: {
    firstMs: second,
    longestMs: second,
    limitMs: 6 * second,
    reason:
      'What is still done after an interrupt: whoever pressed Ctrl-C is waiting, and GitHub Actions ends a cancelled step 7.5 s later.',
  },
} as const satisfies Readonly<Record<string, Policy>>;

export type PolicyName = keyof typeof policies;
