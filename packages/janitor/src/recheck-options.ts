import type { UsageReader } from './examine/usage.ts';
import type { ImageFact } from './facts.ts';
import type { Plan } from './plan.ts';
import type { Policy } from './policy.ts';
import type { Senders } from './senders.ts';

export interface RecheckOptions {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly senders: Senders;
  readonly usage: UsageReader;
  readonly now: () => number;
  /** What this sweep has deregistered: still the proof of snapshots, and the reason why they go. */
  readonly deregistered: readonly ImageFact[];
  readonly signal?: AbortSignal;
}
