import { hour, minute, type Policy, second } from './policy.ts';

/** Boot tests, copies, permissions and parameters. */
export const publicationPolicies = {
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
  usageReport: {
    firstMs: 2 * second,
    longestMs: 15 * second,
    limitMs: 15 * minute,
    reason: 'A report of what other accounts use an AMI with: AWS does not say how long it takes.',
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
} as const satisfies Readonly<Record<string, Policy>>;
