import type { Senders } from '../senders.ts';
import { readGroups, readLaunchConfigurations } from './usage/auto-scaling.ts';
import { readFleets } from './usage/fleets.ts';
import { readLaunchTemplates } from './usage/launch-templates.ts';
import { readSpotFleets, readSpotRequests } from './usage/spot.ts';
import type { AddUse } from './usage/use.ts';

/** What of a region refers to AMIs and snapshots, by their ids: names that the report shows. */
export interface Usage {
  readonly usersOf: (id: string) => readonly string[];
}

/** Every list that may name an AMI or a snapshot, besides what DescribeImageReferences knows. */
const lists = [
  readLaunchTemplates,
  readLaunchConfigurations,
  readGroups,
  readFleets,
  readSpotFleets,
  readSpotRequests,
];

/** @throws AwsCallError where any of the lists cannot be read: then nothing is known to be unused */
async function readUsage(senders: Senders, region: string): Promise<Usage> {
  const users = new Map<string, Set<string>>();
  const add: AddUse = (user, ids) => {
    for (const id of ids) {
      // `resolve:ssm:…` stands for a parameter, which DescribeImageReferences accounts for.
      if (id === undefined || !/^(?:ami|snap)-/.test(id)) continue;
      users.set(id, (users.get(id) ?? new Set()).add(user));
    }
  };
  for (const read of lists) await read({ senders, region }, add);
  return { usersOf: (id) => [...(users.get(id) ?? [])] };
}

export type UsageReader = (region: string) => Promise<Usage>;

/** A sweep checks one resource after the other: these lists, which may be long, are read again once a minute. */
const maxAgeMs = 60_000;

export function createUsageReader(senders: Senders, now: () => number): UsageReader {
  const read = new Map<string, { readonly at: number; readonly usage: Promise<Usage> }>();
  return (region) => {
    const earlier = read.get(region);
    if (earlier && now() - earlier.at < maxAgeMs) return earlier.usage;
    const usage = readUsage(senders, region);
    read.set(region, { at: now(), usage });
    return usage;
  };
}
