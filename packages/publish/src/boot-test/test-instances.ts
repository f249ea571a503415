import { DescribeInstancesCommand, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  findConsistently,
  policies,
  refusedCodeOf,
  retryThroughOutage,
  waitUntil,
} from '@ec2-image/aws-call';
import { isTestInstance, tagRecord } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';

const ending: readonly (string | undefined)[] = ['shutting-down', 'terminated'];

/** Those of the AMI that have not ended. None is believed only after several looks. */
export async function findTestInstances(
  ec2: Ec2,
  {
    imageId,
    clientToken,
  }: {
    readonly imageId: string;
    /** Of one alone. */
    readonly clientToken?: string;
  },
): Promise<readonly Instance[]> {
  const look = async () => {
    const found = await listTestInstances(ec2, [
      { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      { Name: 'image-id', Values: [imageId] },
      ...(clientToken === undefined ? [] : [{ Name: 'client-token', Values: [clientToken] }]),
    ]);
    return found.length > 0 ? found : undefined;
  };
  return (await findConsistently(ec2, look)) ?? [];
}

async function listTestInstances(
  ec2: Ec2,
  Filters: { readonly Name: string; readonly Values: string[] }[],
): Promise<Instance[]> {
  const found: Instance[] = [];
  const read = (NextToken: string | undefined) =>
    ec2.send(new DescribeInstancesCommand({ Filters, MaxResults: 1000, NextToken }));
  for (let token: string | undefined; ; ) {
    const { Reservations = [], NextToken } = await retryThroughOutage(ec2, () => read(token));
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances).filter(isOurs));
    if (!NextToken) return found;
    token = NextToken;
  }
}

function isOurs({ ImageId: imageId = '', ClientToken: clientToken, Tags }: Instance): boolean {
  return isTestInstance({ imageId, clientToken, tags: tagRecord(Tags) });
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

/**
 * Terminates it, and waits until EC2 shows that it ends.
 *
 * @throws PublishError `INSTANCE_NOT_TERMINATED`
 */
export async function terminate(ec2: Ec2, id: string): Promise<void> {
  const region = await ec2.region();
  await waitUntil(ec2, {
    policy: policies.terminateInstance,
    ask: async () => {
      try {
        const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
        return (
          TerminatingInstances?.some(({ CurrentState }) => ending.includes(CurrentState?.Name)) || undefined
        );
      } catch (error) {
        // EC2 may not know everywhere yet what it started a moment ago.
        if (refusedCodeOf(error) === 'InvalidInstanceID.NotFound') return undefined;
        throw error;
      }
    },
    onTimeout: () =>
      new PublishError('INSTANCE_NOT_TERMINATED', `EC2 does not show that instance ${id} ends`, {
        hint: `Run \`aws ec2 terminate-instances --instance-ids ${id} --region ${region}\`; until then it costs money.`,
        facts: { instanceId: id },
      }),
  });
}

export function hasEnded(instance: Instance | undefined): boolean {
  return ending.includes(instance?.State?.Name) || instance?.State?.Name === 'stopped';
}
