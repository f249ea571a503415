import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { type CallOptions, createSender } from '@ec2-image/aws-call';
import type { Cloud } from './cloud.ts';

export interface AccountRegions {
  /** Sorted. */
  readonly enabled: readonly string[];
  /** Those that the account would have to opt in to. */
  readonly others: readonly string[];
}

/** By the client that asked: a run has one of each session, and asks once however many images it has. */
const known = new WeakMap<Cloud['ec2'], Promise<AccountRegions>>();

/** The regions of the partition, as the account has them. */
export async function readRegions(
  cloud: Pick<Cloud, 'ec2' | 'calls'>,
  options: Pick<CallOptions, 'signal' | 'onNotice'>,
): Promise<AccountRegions> {
  const first = known.get(cloud.ec2);
  // Where the first one who asked failed, or was interrupted, each asks by itself.
  if (first) return first.catch(() => askForRegions(cloud, options));
  const regions = askForRegions(cloud, options);
  known.set(cloud.ec2, regions);
  return regions;
}

async function askForRegions(
  { ec2, calls }: Pick<Cloud, 'ec2' | 'calls'>,
  options: Pick<CallOptions, 'signal' | 'onNotice'>,
): Promise<AccountRegions> {
  const sender = createSender({ ...calls, ...options, client: ec2, service: 'EC2' });
  const { Regions = [] } = await sender.send(new DescribeRegionsCommand({ AllRegions: true }));
  const named = (isEnabled: boolean) =>
    Regions.filter(({ OptInStatus }) => (OptInStatus !== 'not-opted-in') === isEnabled)
      .flatMap(({ RegionName }) => RegionName ?? [])
      .sort();
  return { enabled: named(true), others: named(false) };
}
