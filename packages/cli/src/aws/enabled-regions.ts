import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { type CallOptions, createSender } from '@ec2-image/aws-call';
import type { Cloud } from './cloud.ts';

export interface AccountRegions {
  /** Sorted. */
  readonly enabled: readonly string[];
  /** Those that the account would have to opt in to. */
  readonly others: readonly string[];
}

/** The regions of the partition, as the account has them. */
export async function readRegions(
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
