import { minute, type Policy, second } from './policy.ts';

/** Objects in S3. */
export const uploadPolicies = {
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
  corruptUpload: {
    firstMs: 0,
    longestMs: 0,
    attempts: 3,
    reason: 'An upload that S3 stored otherwise than it was sent, or that something else ended.',
  },
} as const satisfies Readonly<Record<string, Policy>>;
