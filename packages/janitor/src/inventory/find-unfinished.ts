import { type Clock, systemClock } from '@ec2-image/aws-call';
import type { RegionalClients } from '../clients.ts';
import { examine } from '../examine/examine.ts';
import { createUsageReader } from '../examine/usage.ts';
import type { Facts, Gap } from '../facts.ts';
import { defaultConcurrency } from '../find-leftovers.ts';
import { defaultPolicy } from '../policy.ts';
import { type AccountScan, scanAccount } from '../scan/scan-account.ts';
import { createSenders } from '../senders.ts';
import { type Configured, listUnfinished, type Unfinished } from './unfinished.ts';

export interface FindUnfinishedOptions
  extends Omit<AccountScan, 'concurrency' | 'senders' | 'withInstances'>,
    Partial<Configured> {
  readonly clients: RegionalClients;
  /** Names of the configuration's images: commands name them. */
  readonly names: readonly string[];
  readonly clock?: Clock;
}

export interface FoundUnfinished {
  readonly account: string;
  readonly regions: readonly string[];
  readonly unfinished: readonly Unfinished[];
  /** What could not be read: there may be more. */
  readonly gaps: readonly Gap[];
}

/** What imports have begun and not finished, with the command that continues each. Makes no call that changes anything. */
export async function findUnfinished(options: FindUnfinishedOptions): Promise<FoundUnfinished> {
  const { account, regions, prefixes, names, signal, clock = systemClock } = options;
  const senders = createSenders({ ...options, clock });
  const takenAt = clock.now();
  const scanned = await scanAccount({
    ...options,
    senders,
    concurrency: defaultConcurrency,
    withInstances: true,
  });
  const examined = await examine({
    resources: [...scanned.uploads, ...scanned.objects],
    senders,
    usage: createUsageReader(senders, clock.now),
    account,
    now: takenAt,
    concurrency: defaultConcurrency,
    signal,
  });
  const facts: Facts = {
    ...{ account, takenAt, regions, prefixes },
    ...scanned,
    details: examined.details,
  };
  return {
    account,
    regions,
    unfinished: listUnfinished(facts, { ...defaultPolicy, names }, options),
    gaps: [...scanned.gaps, ...examined.gaps],
  };
}
