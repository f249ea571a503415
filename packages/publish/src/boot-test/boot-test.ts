import { afterAbort, policies } from '@ec2-image/aws-call';
import type { Tags } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2.ts';
import { defaultExpectation } from './console.ts';
import { findTestInstances, runTestInstance, terminate } from './test-instances.ts';
import { type BootEvidence, watchBoot } from './watch-boot.ts';

export interface BootTestOptions extends Ec2Options {
  readonly imageId: string;
  readonly architecture: 'x86_64' | 'arm64';
  /** Default: `t3.micro`, or `t4g.micro` on arm64. */
  readonly instanceType?: string;
  /** Default: one of the default VPC. */
  readonly subnetId?: string;
  /** Default false. */
  readonly publicAddress?: boolean;
  /** What the console shows once the system is up. Default: a login prompt, or cloud-init's last line. */
  readonly expect?: RegExp;
  /** How long it may take. Default 10 minutes. */
  readonly timeoutMs?: number;
  /** Of the instance and its volume. */
  readonly tags: Tags;
  readonly onStarted?: (instanceId: string) => void;
  readonly onProgress?: (state: string) => void;
}

export interface BootTest extends BootEvidence {
  readonly instanceId: string;
  readonly instanceType: string;
}

async function terminateAll(
  ec2: Ec2,
  imageId: string,
  onFound?: (instanceId: string) => void,
): Promise<void> {
  for (const { InstanceId } of await findTestInstances(ec2, { imageId })) {
    onFound?.(InstanceId!);
    await terminate(ec2, InstanceId!);
  }
}

const defaultTypes = { x86_64: 't3.micro', arm64: 't4g.micro' } as const;

/**
 * Starts an instance of the AMI, watches it until its console shows that the system is up, and terminates it: however this
 * ends. One that an earlier test was killed before terminating is terminated first.
 *
 * @throws PublishError `BOOT_TEST_REFUSED`, `INSTANCE_NOT_TERMINATED`, and the codes of a call
 */
export async function bootTest(options: BootTestOptions): Promise<BootTest> {
  const { imageId, architecture, instanceType = defaultTypes[architecture] } = options;
  const {
    expect = defaultExpectation,
    timeoutMs = policies.bootTest.limitMs,
    publicAddress = false,
  } = options;
  const ec2 = createEc2(options);
  await terminateAll(ec2, imageId, (id) => ec2.notice(`Terminating instance ${id} of an earlier boot test.`));
  const startedAt = new Date(ec2.now()).toISOString();
  const instanceId = await runTestInstance(ec2, { ...options, instanceType, publicAddress, startedAt }).catch(
    async (error: unknown) => {
      // The call may have been carried out: only EC2 knows.
      await terminateAll(createEc2(afterAbort(options)), imageId).catch(() => {});
      throw error;
    },
  );
  let evidence: BootEvidence;
  try {
    options.onStarted?.(instanceId);
    evidence = await watchBoot(ec2, { ...options, instanceId, expect, timeoutMs });
  } catch (error) {
    await terminate(createEc2(afterAbort(options)), instanceId);
    throw error;
  }
  await terminate(createEc2({ ...options, signal: undefined }), instanceId);
  return { ...evidence, instanceId, instanceType };
}
