import type { Facts } from './facts.ts';
import type { Plan } from './plan.ts';
import { planSweep } from './plan-sweep.ts';
import type { Policy, RetainedStream } from './policy.ts';

/**
 * Decides what becomes of the AMIs of each stream that is retained, and of their snapshots. Pure, and carried out by
 * `sweep`, as the janitor's plans are.
 *
 * @param facts of `findLeftovers` with the same policy
 */
export function planRetirement(
  facts: Facts,
  policy: Policy & { readonly retain: readonly RetainedStream[] },
): Plan {
  return planSweep(facts, policy);
}
