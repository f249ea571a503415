import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { isTransient, policies, refusedCodeOf, retry } from '@ec2-image/aws-call';
import { bootTestToken, provenanceKeys, type Tags, tagList } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2.ts';
import { PublishError } from '../errors.ts';

export interface InstanceRequest {
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId?: string;
  readonly publicAddress: boolean;
  readonly tags: Tags;
  /** ISO 8601: makes the token, and stands in the tags. */
  readonly startedAt: string;
}

/**
 * Starts the instance, without a key pair and a role; it ends for good when it shuts itself down.
 *
 * @throws PublishError `BOOT_TEST_REFUSED`, and the codes of a call: then it may run nonetheless
 */
export async function runTestInstance(ec2: Ec2, options: Ec2Options & InstanceRequest): Promise<string> {
  const { imageId, instanceType, subnetId } = options;
  using late = afterGrace(options.signal);
  // An interrupt waits for the answer, which has the id of what is to be terminated.
  const steady = createEc2({ ...options, signal: late.signal });
  try {
    // The token makes repeating it harmless.
    const { Instances } = await retry(ec2, {
      policy: policies.startInstance,
      call: () => steady.send(commandOf(options), { retry: 'answered' }),
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
        resumable: true,
        cause: error,
        facts: { imageId, instanceType, subnetId },
      },
    );
  }
}

function commandOf(request: InstanceRequest): RunInstancesCommand {
  const { imageId, instanceType, subnetId, publicAddress, startedAt } = request;
  const Tags = tagList({ ...request.tags, [provenanceKeys.startedAt]: startedAt });
  return new RunInstancesCommand({
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
}

/** Aborts as the given signal does, but a moment later. */
function afterGrace(signal: AbortSignal | undefined): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => late.abort(signal?.reason), policies.cleanUp.limitMs);
  };
  if (signal?.aborted) late.abort(signal.reason);
  else signal?.addEventListener('abort', start, { once: true });
  return {
    signal: late.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', start);
    },
  };
}
