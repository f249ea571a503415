import { hour, minute, type Policy, second } from './policy.ts';

/** From an object to an AMI, and the removal of what is left. */
export const importPolicies = {
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
} as const satisfies Readonly<Record<string, Policy>>;
