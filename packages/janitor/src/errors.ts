import { ExplainedError } from '@ec2-image/explained-error';

export class JanitorError extends ExplainedError {
  override name = 'JanitorError';
}

/** Makes the error of a wait that has reached its limit. `what` ends the sentence "gave up waiting for …". */
export function gaveUpWaiting(what: string): (waitedMs: number) => JanitorError {
  return (waitedMs) =>
    new JanitorError(
      'GAVE_UP_WAITING',
      `gave up waiting for ${what} after ${Math.round(waitedMs / 1000)} s`,
      { hint: 'Run the same command again later.', facts: { what, waitedMs } },
    );
}
