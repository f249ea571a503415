import type { EBSClientResolvedConfig } from '@aws-sdk/client-ebs';
import type { HttpResponse } from '@smithy/types';

/** From which difference on the SDK takes the machine's clock for wrong. */
const skewMs = 4 * 60_000;

/**
 * Sets the client's clock by an answer, as the SDK does for its own commands: the next request is signed right.
 *
 * @returns whether the clock was so wrong that the signature may have been refused for it
 */
export function correctClock(config: EBSClientResolvedConfig, { headers }: HttpResponse): boolean {
  const answeredAt = Date.parse(headers.date ?? '');
  // An answer from a cache is as old as it says.
  if (Number.isNaN(answeredAt) || headers.age !== undefined) return false;
  const before = config.systemClockOffset;
  const now = answeredAt - Date.now();
  if (Math.abs(now - before) < skewMs) return false;
  config.systemClockOffset = now;
  return true;
}
