import { type Clock, systemClock } from '@ec2-image/aws-call';
import type { RegionalClients } from './clients.ts';
import { examine } from './examine/examine.ts';
import { createUsageReader } from './examine/usage.ts';
import type { Details, Facts } from './facts.ts';
import { resourcesToExamine } from './plan-sweep.ts';
import { defaultPolicy, type Policy } from './policy.ts';
import { type AccountScan, scanAccount } from './scan/scan-account.ts';
import { createSenders } from './senders.ts';

export interface FindOptions extends Omit<AccountScan, 'concurrency' | 'senders' | 'withInstances'> {
  readonly clients: RegionalClients;
  /** Decides what deserves a closer look. Default {@link defaultPolicy}. */
  readonly policy?: Policy;
  /** How many lists are read at once, and resources of each region examined. Default 8. */
  readonly concurrency?: number;
  readonly clock?: Clock;
}

export const defaultConcurrency = 8;

/**
 * Reads what the account holds: each list once, page by page, keeping only what ec2-image may have created; then examines
 * what the policy would delete. Makes no call that changes anything.
 *
 * Never throws for what a region or bucket answers: that is a gap among the facts, and keeps what depends on it.
 */
export async function findLeftovers(options: FindOptions): Promise<Facts> {
  const { policy = defaultPolicy, concurrency = defaultConcurrency, clock = systemClock } = options;
  const { account, regions, prefixes, signal } = options;
  const senders = createSenders({ ...options, clock });
  const takenAt = clock.now();
  const scanned: Facts = {
    account,
    takenAt,
    regions,
    prefixes,
    ...(await scanAccount({
      ...options,
      senders,
      concurrency,
      withInstances: !policy.retain,
      handMadeObjects: true,
    })),
    details: noDetails,
  };
  const examined = await examine({
    resources: resourcesToExamine(scanned, policy),
    senders,
    usage: createUsageReader(senders, clock.now),
    account,
    now: takenAt,
    concurrency,
    signal,
  });
  return { ...scanned, details: examined.details, gaps: [...scanned.gaps, ...examined.gaps] };
}

export const noDetails: Details = {
  uploads: new Map(),
  objects: new Map(),
  snapshots: new Map(),
  images: new Map(),
};
