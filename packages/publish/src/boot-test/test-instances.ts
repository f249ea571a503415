import {
  DescribeInstancesCommand,
  type Instance,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  isTransient,
  policies,
  refusedCodeOf,
  retry,
  retryThroughOutage,
  waitUntil,
} from '@ec2-image/aws-call';
import { bootTestToken, provenanceKeys, type Tags, tagList, tagRecord } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';

const ended: readonly (string | undefined)[] = ['shutting-down', 'terminated'];

/** Tags travel to whoever copies them: an instance counts as a boot test only by the token that it was started with. */
export function isTestInstance({ ImageId, ClientToken, Tags }: Instance): boolean {
  const attempt = tagRecord(Tags)[provenanceKeys.startedAt];
  return (
    ImageId !== undefined &&
    attempt !== undefined &&
    ClientToken === bootTestToken({ imageId: ImageId, attempt })
  );
}

/** Those of the AMI, or of all, that have not ended. */
export async function findTestInstances(
  ec2: Ec2,
  { imageId }: { readonly imageId?: string } = {},
): Promise<Instance[]> {
  const filters = [
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
    ...(imageId === undefined ? [] : [{ Name: 'image-id', Values: [imageId] }]),
  ];
  const found: Instance[] = [];
  const read = (NextToken: string | undefined) =>
    ec2.send(new DescribeInstancesCommand({ Filters: filters, MaxResults: 1000, NextToken }));
  for (let token: string | undefined; ; ) {
    const { Reservations = [], NextToken } = await retryThroughOutage(ec2, () => read(token));
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances).filter(isTestInstance));
    if (!NextToken) return found;
    token = NextToken;
  }
}

export interface InstanceRequest {
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId?: string;
  readonly publicAddress: boolean;
  readonly tags: Tags;
  /** ISO 8601: makes the token, and stands in the tags. */
  readonly startedAt: string;
}

/** No key pair and no role; it ends for good when it shuts itself down. */
export async function runTestInstance(ec2: Ec2, request: InstanceRequest): Promise<string> {
  const { imageId, instanceType, subnetId, publicAddress, startedAt } = request;
  const Tags = tagList({ ...request.tags, [provenanceKeys.startedAt]: startedAt });
  const command = new RunInstancesCommand({
    ImageId: imageId,
    InstanceType: instanceType as never,
    MinCount: 1,
    MaxCount: 1,
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required' },
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        AssociatePublicIpAddress: publicAddress,
        DeleteOnTermination: true,
        ...(subnetId !== undefined && { SubnetId: subnetId }),
      },
    ],
    TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
      ResourceType,
      Tags,
    })),
    ClientToken: bootTestToken({ imageId, attempt: startedAt }),
  });
  try {
    // The token makes repeating it harmless.
    const { Instances } = await retry(ec2, {
      policy: policies.startInstance,
      call: () => ec2.send(command),
      isRetryable: (error) => isTransient(error) || refusedCodeOf(error) === 'InvalidAMIID.NotFound',
    });
    return Instances![0]!.InstanceId!;
  } catch (error) {
    ec2.signal?.throwIfAborted();
    if (refusedCodeOf(error) === undefined) throw error;
    throw new PublishError(
      'BOOT_TEST_REFUSED',
      `EC2 did not start an instance of ${imageId}: ${(error as Error).message}`,
      {
        hint: 'Correct what EC2 names: instance-type, or subnet where there is no default VPC.',
        cause: error,
        facts: { imageId, instanceType, subnetId },
      },
    );
  }
}

/** As EC2 describes it; undefined where it shows none yet, or no more. */
export async function describeTestInstance(ec2: Ec2, id: string): Promise<Instance | undefined> {
  try {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0];
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidInstanceID.NotFound') return undefined;
    throw error;
  }
}

/** Terminates it, and waits until EC2 shows that it does. One that no longer exists is a success. */
export async function terminate(ec2: Ec2, id: string): Promise<void> {
  await waitUntil(ec2, {
    policy: policies.terminateInstance,
    ask: async () => {
      try {
        const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
        return (
          TerminatingInstances?.some(({ CurrentState }) => ended.includes(CurrentState?.Name)) || undefined
        );
      } catch (error) {
        // EC2 may not know everywhere yet what it started a moment ago.
        if (refusedCodeOf(error) === 'InvalidInstanceID.NotFound') return undefined;
        throw error;
      }
    },
    onTimeout: () =>
      new PublishError('INSTANCE_NOT_TERMINATED', `EC2 does not show that instance ${id} ends`, {
        hint: `Run \`aws ec2 terminate-instances --instance-ids ${id}\`; until then it costs money.`,
        facts: { instanceId: id },
      }),
  });
}

export function hasEnded(instance: Instance | undefined): boolean {
  return ended.includes(instance?.State?.Name) || instance?.State?.Name === 'stopped';
}
