import { minute, type Policy, second } from './policy.ts';

/** Any call, whatever it is for. */
export const connectionPolicies = {
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
  examination: {
    firstMs: 0,
    longestMs: 0,
    limitMs: 10 * second,
    reason: 'A service that does not answer doctor: it says so, where an import waits.',
  },
  cleanUp: {
    firstMs: second,
    longestMs: second,
    limitMs: 6 * second,
    reason:
      'What is still done after an interrupt: whoever pressed Ctrl-C is waiting, and GitHub Actions ends a cancelled step 7.5 s later.',
  },
} as const satisfies Readonly<Record<string, Policy>>;
