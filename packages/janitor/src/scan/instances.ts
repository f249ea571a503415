import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { provenanceKeys, tagRecord } from '@ec2-image/provenance';
import type { InstanceFact } from '../facts.ts';
import type { RegionScan } from './tasks.ts';

/** The instances that have not ended and that may test whether an AMI boots. */
export async function* scanInstances({
  ec2,
  region,
  instanceId,
}: RegionScan & {
  /** One alone, whatever it is. Default: all. */
  readonly instanceId?: string;
}): AsyncGenerator<InstanceFact> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
          instanceId === undefined
            ? { Name: 'tag-key', Values: [provenanceKeys.startedAt] }
            : { Name: 'instance-id', Values: [instanceId] },
        ],
        MaxResults: 1000,
        NextToken: token,
      }),
    );
    return { items: page.Reservations, nextToken: page.NextToken };
  });
  for await (const reservations of list) {
    for (const { InstanceId, ImageId, ClientToken, State, LaunchTime, Tags } of reservations.flatMap(
      ({ Instances = [] }) => Instances,
    )) {
      yield {
        kind: 'instance',
        region,
        instanceId: InstanceId!,
        imageId: ImageId ?? '',
        clientToken: ClientToken,
        state: State?.Name ?? 'unknown',
        startedAt: LaunchTime?.getTime(),
        tags: tagRecord(Tags),
      };
    }
  }
}
