import {
  DescribeAutoScalingGroupsCommand,
  DescribeLaunchConfigurationsCommand,
} from '@aws-sdk/client-auto-scaling';
import { pages } from '@ec2-image/aws-call';
import { type AddUse, type RegionToRead, snapshotsIn } from './use.ts';

/** Auto Scaling gives no longer pages. */
const pageSize = 100;

export async function readLaunchConfigurations(
  { senders, region }: RegionToRead,
  add: AddUse,
): Promise<void> {
  const autoScaling = senders.autoScaling(region);
  const list = pages(async (token) => {
    const page = await autoScaling.send(
      new DescribeLaunchConfigurationsCommand({ MaxRecords: pageSize, NextToken: token }),
    );
    return { items: page.LaunchConfigurations, nextToken: page.NextToken };
  });
  for await (const configurations of list) {
    for (const { ImageId, LaunchConfigurationName, BlockDeviceMappings } of configurations) {
      add(`launch configuration ${LaunchConfigurationName}`, [ImageId, ...snapshotsIn(BlockDeviceMappings)]);
    }
  }
}

/** The AMIs of overrides: what else a group launches is a launch template or configuration. A group of size 0 counts too. */
export async function readGroups({ senders, region }: RegionToRead, add: AddUse): Promise<void> {
  const autoScaling = senders.autoScaling(region);
  const list = pages(async (token) => {
    const page = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ MaxRecords: pageSize, NextToken: token }),
    );
    return { items: page.AutoScalingGroups, nextToken: page.NextToken };
  });
  for await (const groups of list) {
    for (const { AutoScalingGroupName, MixedInstancesPolicy } of groups) {
      const overrides = MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
      add(
        `Auto Scaling group ${AutoScalingGroupName}`,
        overrides.map(({ ImageId }) => ImageId),
      );
    }
  }
}
