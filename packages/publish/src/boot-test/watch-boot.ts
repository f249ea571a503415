import { DescribeInstanceStatusCommand, GetConsoleOutputCommand, type Instance } from '@aws-sdk/client-ec2';
import { findConsistently, pause, policies, refusedCodeOf, retryThroughOutage } from '@ec2-image/aws-call';
import type { Ec2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import { consoleTail, readConsole } from './console.ts';
import { describeTestInstance, hasEnded } from './test-instances.ts';

/** What an instance showed. */
export interface BootEvidence {
  readonly booted: boolean;
  /** `the console matches /login:/`, `reachable, console silent`. */
  readonly reason: string;
  /** The last lines of the console. */
  readonly console: readonly string[];
}

export interface WatchOptions {
  readonly instanceId: string;
  readonly expect: RegExp;
  readonly timeoutMs: number;
  readonly onProgress?: (state: string) => void;
}

/**
 * Until the console matches, the instance shuts itself down, or the time is over.
 *
 * @throws PublishError `TEST_INSTANCE_ENDED` where something else has ended it, which says nothing about its AMI;
 *   `BOOT_TEST_REFUSED` where EC2 could not start it
 */
export async function watchBoot(
  ec2: Ec2,
  { instanceId, expect, timeoutMs, onProgress }: WatchOptions,
): Promise<BootEvidence> {
  const since = ec2.elapsed();
  const console = createConsole(ec2, instanceId);
  const look = () => retryThroughOutage(ec2, () => describeTestInstance(ec2, instanceId));
  let reachable = false;
  for (let n = 1; ; n += 1) {
    let text = await console.read();
    const evidence = (booted: boolean, reason: string) => ({ booted, reason, console: consoleTail(text) });
    const matching = () => evidence(true, `the console matches ${expect}`);
    if (expect.test(text)) return matching();
    const instance = await look();
    if (hasEnded(instance)) {
      text = await console.read();
      if (expect.test(text)) return matching();
      if (instance?.StateReason?.Code !== 'Client.InstanceInitiatedShutdown')
        throw endedError(instanceId, instance);
      return evidence(false, 'the instance shut itself down');
    }
    reachable = await isReachable(ec2, instanceId);
    onProgress?.(reachable ? 'reachable' : (instance?.State?.Name ?? 'pending'));
    if (ec2.elapsed() - since >= timeoutMs) {
      // Reads lag behind: that it is not is believed only after several looks.
      reachable ||=
        (await findConsistently(ec2, async () => (await isReachable(ec2, instanceId)) || undefined)) ?? false;
      if (reachable && text === '') return evidence(true, 'reachable, console silent');
      // Whoever has terminated it since the last look has ended what it would still have shown.
      if (await findConsistently(ec2, async () => hasEnded(await look()) || undefined)) continue;
      const seconds = Math.round(timeoutMs / 1000);
      const status = reachable ? 'reachable' : 'not reachable';
      return evidence(false, `${status} after ${seconds} s, and the console does not match ${expect}`);
    }
    await pause(ec2, { n, pace: policies.bootTest });
  }
}

function endedError(instanceId: string, instance: Instance | undefined): PublishError {
  const why = instance?.StateReason?.Message ?? 'EC2 gives no reason';
  if (instance?.StateReason?.Code === 'Client.InternalError') {
    return new PublishError('BOOT_TEST_REFUSED', `EC2 did not start instance ${instanceId}: ${why}`, {
      hint: 'Where the snapshot is encrypted, allow the use of its key: `ec2-image iam-policy boot-test --kms-key KEY` prints the actions.',
      resumable: true,
      facts: { instanceId },
    });
  }
  return new PublishError(
    'TEST_INSTANCE_ENDED',
    `instance ${instanceId} ended before it showed whether its AMI boots: ${why}`,
    { hint: 'Correct what EC2 names.', resumable: true, facts: { instanceId } },
  );
}

async function isReachable(ec2: Ec2, instanceId: string): Promise<boolean> {
  const read = () => ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [instanceId] }));
  try {
    const { InstanceStatuses = [] } = await retryThroughOutage(ec2, read);
    return InstanceStatuses.some(
      ({ InstanceStatus, SystemStatus }) => InstanceStatus?.Status === 'ok' && SystemStatus?.Status === 'ok',
    );
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidInstanceID.NotFound') return false;
    throw error;
  }
}

/** What was printed is kept where a later answer has less. Only Nitro tells the latest. */
function createConsole(ec2: Ec2, InstanceId: string) {
  let hasLatest = true;
  let longest = '';
  const ask = async (): Promise<string> => {
    try {
      const { Output } = await ec2.send(
        new GetConsoleOutputCommand({ InstanceId, Latest: hasLatest || undefined }),
      );
      return readConsole(Output);
    } catch (error) {
      const code = refusedCodeOf(error);
      if (code === 'InvalidInstanceID.NotFound') return '';
      if (!hasLatest || !code?.startsWith('Unsupported')) throw error;
      hasLatest = false;
      return ask();
    }
  };
  return {
    async read(): Promise<string> {
      const text = await retryThroughOutage(ec2, ask);
      if (text.length >= longest.length) longest = text;
      return longest;
    },
  };
}
