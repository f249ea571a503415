import type { DeserializeMiddleware, Pluggable } from '@smithy/types';
import { type Clock, systemClock } from './clock.ts';

/**
 * The time by which AWS dates what it keeps, learned from the `Date` of its answers. What is older than a day is so by this
 * clock: a machine whose own is days off must not decide what is deleted, nor date what others will judge.
 */
export interface ServiceClock extends Clock {
  /** For every client whose answers it learns from. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types a plugin by one client's inputs, and this one serves all clients
  readonly plugin: Pluggable<any, any>;
}

/** A `Date` is cut to whole seconds. */
const resolutionMs = 999;

/** @param machine what it is before the first answer, and between answers */
export function createServiceClock(machine: Clock = systemClock): ServiceClock {
  let offsetMs = 0;
  const learn = (date: number, { sentAt, receivedAt }: { sentAt: number; receivedAt: number }) => {
    // The answer was dated between the two: what the clock says already may agree with that.
    const least = date - receivedAt;
    const greatest = date + resolutionMs - sentAt;
    offsetMs = Math.min(Math.max(offsetMs, least), greatest);
  };
  const middleware: DeserializeMiddleware<object, object> = (next) => async (args) => {
    const sentAt = machine.now();
    const result = await next(args);
    const { statusCode = 0, headers = {} } = (result.response ?? {}) as AnswerHead;
    const date = Date.parse(headers.date ?? '');
    // A gateway in front of a service that is down has a clock of its own.
    if (statusCode < 500 && !Number.isNaN(date)) learn(date, { sentAt, receivedAt: machine.now() });
    return result;
  };
  return {
    now: () => machine.now() + offsetMs,
    elapsed: machine.elapsed ?? machine.now,
    sleep: machine.sleep,
    random: machine.random,
    plugin: {
      // Nearest to the wire: what the SDK makes of an answer is none of its business.
      applyToStack: (stack) =>
        stack.add(middleware, { step: 'deserialize', priority: 'low', name: 'serviceClock', override: true }),
    },
  };
}

interface AnswerHead {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
}
