import type { IncomingHttpHeaders } from 'node:http';
import { isMutating } from '../is-mutating.ts';
import { createCallNames, type NamedCall } from './call-names.ts';
import { createDecisions } from './decisions.ts';
import { oddLook, type TaskLook } from './odd-tasks.ts';
import { defaultQuotas, noQuotas, type Quotas } from './quotas.ts';
import { rateOf } from './rates.ts';
import { createReadLag, mostReads, type ReadLag } from './read-lag.ts';
import { bucketClockScale, createTokenBuckets, type TokenBuckets } from './token-buckets.ts';

/** `adverse`: as difficult as AWS can be within its documentation. `calm`: nothing happens but what calls ask for. */
export type ConditionsName = 'adverse' | 'calm';

/** What an account is like, beyond what is in it. */
export interface Conditions {
  readonly name: ConditionsName;
  readonly seed: number;
  readonly quotas: Quotas;
  /** Whether a region of an account has its safeguards on before anybody sets them. */
  readonly hasSafeguards: boolean;
  /** Counts the call. With the header {@link calmHeader} it is met by nothing. */
  meet(call: NamedCall, headers: IncomingHttpHeaders): CallConditions;
  ofTask(taskId: string): TaskConditions;
}

/** What one call meets. */
export interface CallConditions {
  /** Refused, before it acts. */
  readonly isThrottled: boolean;
  /** It acts, and the connection is reset instead of answering. */
  readonly losesAnswer: boolean;
  /** How many of so many a page holds; no fewer than `least`. */
  pageSize(size: number, least: number): number;
  /** How long its writes stay unseen, and what it does not see. Undefined where reads are true. */
  readonly lag?: { readonly writes: ReadLag; readonly reads: number };
  taskLook(taskId: string, task: TaskLook): TaskLook;
}

/** What an import does where nobody knows, or where both has been seen. */
export interface TaskConditions {
  /** Whether blocks of zeros are written. It is not known: either way an import must be right. */
  readonly writesZeros: boolean;
  /** CancelImportTask may lose the race: a cancelled task has been seen to complete. */
  readonly completesWhileCancelling: boolean;
  /** For how many reads its snapshot stays out of sight or pending after the task completed. */
  readonly lag?: { readonly writes: ReadLag; readonly reads: number };
}

/** For those who watch and take no part: their calls are answered as they are in calm. */
export const calmHeader = 'x-local-aws-conditions';

/** Other work of the account has emptied a bucket just now: one call in so many. */
const throttledShare = 0.015;
/** An answer is lost on the way: of one write in so many. */
const lostShare = 0.015;
const shortPageShare = 0.5;
const longestShortPage = 20;
/** Of the short ones, where the service may give them. */
const emptyPageShare = 0.4;
const mostPendingReads = 5;

export function openConditions({
  name,
  seed,
  quotas,
  tokenBuckets,
  now,
}: {
  readonly name: ConditionsName;
  readonly seed: number;
  /** Where they are not the usual ones. */
  readonly quotas?: Partial<Quotas> | undefined;
  /** Whether they fill at AWS's own pace, in either conditions. */
  readonly tokenBuckets: boolean;
  readonly now: () => number;
}): Conditions {
  const buckets = createTokenBuckets({ now, clockScale: tokenBuckets ? 1 : bucketClockScale });
  const usual =
    name === 'adverse'
      ? adverseConditions({ seed, buckets, now })
      : { ...calmConditions, ...(tokenBuckets && throttledBy(buckets)), seed };
  return { ...usual, quotas: { ...usual.quotas, ...quotas } };
}

function adverseConditions({
  seed,
  buckets,
  now,
}: {
  readonly seed: number;
  readonly buckets: TokenBuckets;
  readonly now: () => number;
}): Conditions {
  const decisions = createDecisions(seed);
  const { chance, upTo } = decisions;
  const names = createCallNames();
  const writes = createReadLag({ now });
  const taskReads = new Map<string, number>();
  return {
    name: 'adverse',
    seed,
    quotas: defaultQuotas,
    hasSafeguards: true,
    meet(call, headers) {
      if (headers[calmHeader] === 'calm') return calmCall;
      const { name, number } = names.next(call);
      const isBad = (share: number, what: string, at = number) => chance(share, what, name, at);
      const rate = rateOf(call);
      const emptied = rate !== undefined && isBad(throttledShare, 'throttle');
      const lost = isMutating(call.operation) && isBad(lostShare, 'lose');
      // Twice in a row of one call is no more than an outage, which is the business of faults.
      const before = isBad(throttledShare, 'throttle', number - 1) || isBad(lostShare, 'lose', number - 1);
      const isThrottled = rate !== undefined && ((emptied && !before) || !buckets.take(rate));
      return {
        isThrottled,
        losesAnswer: lost && !before && !isThrottled,
        pageSize(size, least) {
          if (!chance(shortPageShare, 'page', name, number)) return size;
          // Of two pages in a row one at least gets on.
          const mayBeEmpty = least === 0 && number % 2 === 0;
          if (mayBeEmpty && chance(emptyPageShare, 'empty', name, number)) return 0;
          return Math.min(size, 1 + upTo(longestShortPage - 1, 'size', name, number));
        },
        lag: { writes, reads: upTo(mostReads, 'lag', name, number) },
        taskLook(taskId, task) {
          const read = (taskReads.get(taskId) ?? 0) + 1;
          taskReads.set(taskId, read);
          return oddLook(task, decisions, [names.alias(taskId), read]);
        },
      };
    },
    ofTask(taskId) {
      const alias = names.alias(taskId);
      return {
        writesZeros: chance(0.5, 'zeros', alias),
        completesWhileCancelling: chance(0.25, 'cancel', alias),
        lag: { writes, reads: upTo(mostPendingReads, 'pending', alias) },
      };
    },
  };
}

const calmCall: CallConditions = {
  isThrottled: false,
  losesAnswer: false,
  pageSize: (size) => size,
  taskLook: (_taskId, task) => task,
};

const calmConditions: Conditions = {
  name: 'calm',
  seed: 0,
  quotas: noQuotas,
  hasSafeguards: false,
  meet: () => calmCall,
  ofTask: () => ({ writesZeros: false, completesWhileCancelling: false }),
};

/** Calm, but that there are no more calls a second than AWS takes. */
function throttledBy(buckets: TokenBuckets): Pick<Conditions, 'meet'> {
  return {
    meet(call, headers) {
      const rate = headers[calmHeader] === 'calm' ? undefined : rateOf(call);
      return rate === undefined || buckets.take(rate) ? calmCall : { ...calmCall, isThrottled: true };
    },
  };
}
