import type { Instance } from '@aws-sdk/client-ec2';
import { afterAbort, policies } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { bootTestToken, type Tags } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2.ts';
import { defaultExpectation } from './console.ts';
import { runTestInstance } from './run-instance.ts';
import { findTestInstances, hasEnded, terminate } from './test-instances.ts';
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
  readonly onTerminated?: (instanceId: string) => void;
  readonly onProgress?: (state: string) => void;
}

export interface BootTest extends BootEvidence {
  readonly instanceId: string;
  readonly instanceType: string;
}

const defaultTypes = { x86_64: 't3.micro', arm64: 't4g.micro' } as const;

/**
 * Starts an instance of the AMI, watches it until its console shows that the system is up, and terminates it: however this
 * ends. An instance of an earlier test is watched instead where it can still show that, and terminated too: that test was
 * killed, or runs at the same time on another machine.
 *
 * @throws PublishError `BOOT_TEST_REFUSED`, `INSTANCE_NOT_TERMINATED`, `TEST_INSTANCE_ENDED`, and the codes of a call
 */
export async function bootTest(options: BootTestOptions): Promise<BootTest> {
  for (let n = 1; ; n += 1) {
    try {
      return await testOnce(options);
    } catch (error) {
      const isEnded = isExplained(error) && error.code === 'TEST_INSTANCE_ENDED';
      if (!isEnded || n >= policies.endedInstance.attempts) throw error;
      options.onNotice?.(`${error.message}; testing again.`);
    }
  }
}

async function testOnce(options: BootTestOptions): Promise<BootTest> {
  const ec2 = createEc2(options);
  const settings = {
    ...options,
    instanceType: options.instanceType ?? defaultTypes[options.architecture],
    expect: options.expect ?? defaultExpectation,
    timeoutMs: options.timeoutMs ?? policies.bootTest.limitMs,
    publicAddress: options.publicAddress ?? false,
  };
  const { instanceId, ageMs } = (await takeOver(ec2, settings)) ?? (await start(ec2, settings));
  let evidence: BootEvidence;
  try {
    options.onStarted?.(instanceId);
    evidence = await watchBoot(ec2, { ...settings, instanceId, timeoutMs: settings.timeoutMs - ageMs });
  } catch (error) {
    await end(options, instanceId);
    throw error;
  }
  await end(options, instanceId);
  return { ...evidence, instanceId, instanceType: settings.instanceType };
}

interface Started {
  readonly instanceId: string;
  readonly ageMs: number;
}

type Settings = BootTestOptions &
  Required<Pick<BootTestOptions, 'instanceType' | 'timeoutMs' | 'publicAddress'>>;

/** An instance that an earlier test of the AMI, or one at the same time, has started. Those that are of no use are terminated. */
async function takeOver(ec2: Ec2, settings: Settings): Promise<Started | undefined> {
  const { imageId } = settings;
  const found = await findTestInstances(ec2, { imageId });
  const ageOf = ({ LaunchTime }: Instance) => Math.max(0, ec2.now() - (LaunchTime?.getTime() ?? 0));
  const usable = found.find((instance) => isLike(instance, settings) && ageOf(instance) < settings.timeoutMs);
  for (const instance of found) {
    if (instance === usable) continue;
    ec2.notice(`Terminating instance ${instance.InstanceId} of an earlier boot test.`);
    await terminate(ec2, instance.InstanceId!);
  }
  if (!usable) return undefined;
  ec2.notice(`Watching instance ${usable.InstanceId} of an earlier boot test.`);
  return { instanceId: usable.InstanceId!, ageMs: ageOf(usable) };
}

function isLike(instance: Instance, { instanceType, subnetId }: Settings): boolean {
  return (
    !hasEnded(instance) &&
    instance.State?.Name !== 'stopping' &&
    instance.InstanceType === instanceType &&
    (subnetId === undefined || instance.SubnetId === subnetId)
  );
}

async function start(ec2: Ec2, settings: Settings): Promise<Started> {
  const { imageId } = settings;
  const startedAt = new Date(ec2.now()).toISOString();
  try {
    return { instanceId: await runTestInstance(ec2, { ...settings, startedAt }), ageMs: 0 };
  } catch (error) {
    // The call may have been carried out: only EC2 knows.
    const clientToken = bootTestToken({ imageId, attempt: startedAt });
    const patient = patientEc2(settings);
    const running = await findTestInstances(patient, { imageId, clientToken }).catch(() => []);
    for (const { InstanceId } of running) await terminate(patient, InstanceId!);
    throw error;
  }
}

async function end(options: BootTestOptions, instanceId: string): Promise<void> {
  await terminate(patientEc2(options), instanceId);
  options.onTerminated?.(instanceId);
}

/** For what an interrupt does not keep from being done. */
function patientEc2(options: BootTestOptions): Ec2 {
  return createEc2(options.signal?.aborted ? afterAbort(options) : { ...options, signal: undefined });
}
