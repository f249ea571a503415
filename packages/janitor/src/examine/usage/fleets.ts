import { DescribeFleetsCommand } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { type AddUse, type RegionToRead, snapshotsIn } from './use.ts';

/** Fleets that launch nothing any more: the instances of others that are deleted are seen as instances. */
const ended = new Set<string | undefined>(['deleted', 'deleted_terminating', 'failed']);

/** Their overrides: their launch templates are seen as such. EC2 leaves out instant fleets, which launch once. */
export async function readFleets({ senders, region }: RegionToRead, add: AddUse): Promise<void> {
  const ec2 = senders.ec2(region);
  const list = pages(async (token) => {
    const page = await ec2.send(new DescribeFleetsCommand({ MaxResults: 1000, NextToken: token }));
    return { items: page.Fleets, nextToken: page.NextToken };
  });
  for await (const fleets of list) {
    for (const { FleetId, FleetState, LaunchTemplateConfigs = [] } of fleets) {
      if (ended.has(FleetState)) continue;
      for (const { Overrides = [] } of LaunchTemplateConfigs) {
        for (const { ImageId, BlockDeviceMappings } of Overrides) {
          add(`fleet ${FleetId}`, [ImageId, ...snapshotsIn(BlockDeviceMappings)]);
        }
      }
    }
  }
}
