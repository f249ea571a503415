import { DescribeSpotFleetRequestsCommand, DescribeSpotInstanceRequestsCommand } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { type AddUse, type RegionToRead, snapshotsIn } from './use.ts';

const endedFleets = new Set<string | undefined>(['cancelled', 'cancelled_terminating', 'failed']);

export async function readSpotFleets({ senders, region }: RegionToRead, add: AddUse): Promise<void> {
  const ec2 = senders.ec2(region);
  const list = pages(async (token) => {
    const page = await ec2.send(new DescribeSpotFleetRequestsCommand({ MaxResults: 1000, NextToken: token }));
    return { items: page.SpotFleetRequestConfigs, nextToken: page.NextToken };
  });
  for await (const fleets of list) {
    for (const { SpotFleetRequestId, SpotFleetRequestState, SpotFleetRequestConfig } of fleets) {
      if (endedFleets.has(SpotFleetRequestState)) continue;
      for (const { ImageId, BlockDeviceMappings } of SpotFleetRequestConfig?.LaunchSpecifications ?? []) {
        add(`Spot Fleet ${SpotFleetRequestId}`, [ImageId, ...snapshotsIn(BlockDeviceMappings)]);
      }
    }
  }
}

/** An open request launches when there is capacity, an active persistent one again and again. */
const endedRequests = new Set<string | undefined>(['closed', 'cancelled', 'failed']);

export async function readSpotRequests({ senders, region }: RegionToRead, add: AddUse): Promise<void> {
  const ec2 = senders.ec2(region);
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeSpotInstanceRequestsCommand({ MaxResults: 1000, NextToken: token }),
    );
    return { items: page.SpotInstanceRequests, nextToken: page.NextToken };
  });
  for await (const requests of list) {
    for (const { SpotInstanceRequestId, State, LaunchSpecification } of requests) {
      if (endedRequests.has(State)) continue;
      add(`Spot request ${SpotInstanceRequestId}`, [
        LaunchSpecification?.ImageId,
        ...snapshotsIn(LaunchSpecification?.BlockDeviceMappings),
      ]);
    }
  }
}
