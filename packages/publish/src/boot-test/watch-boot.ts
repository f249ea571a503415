import { DescribeInstanceStatusCommand, GetConsoleOutputCommand, type Instance } from '@aws-sdk/client-ec2';
import { pause, policies, refusedCodeOf, retryThroughOutage } from '@ec2-image/aws-call';
import type { Ec2 } from '../ec2.ts';
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

/** Until the console matches, the instance ends by itself, or the time is over. */
export async function watchBoot(
  ec2: Ec2,
  { instanceId, expect, timeoutMs, onProgress }: WatchOptions,
): Promise<BootEvidence> {
  const since = ec2.elapsed();
  const console = createConsole(ec2, instanceId);
  let reachable = false;
  for (let n = 1; ; n += 1) {
    const text = await console.read();
    const evidence = (booted: boolean, reason: string) => ({ booted, reason, console: consoleTail(text) });
    if (expect.test(text)) return evidence(true, `the console matches ${expect}`);
    const instance = await retryThroughOutage(ec2, () => describeTestInstance(ec2, instanceId));
    if (hasEnded(instance)) return evidence(false, `the instance ended by itself${whyEnded(instance)}`);
    reachable = await isReachable(ec2, instanceId);
    onProgress?.(reachable ? 'reachable' : (instance?.State?.Name ?? 'pending'));
    if (ec2.elapsed() - since >= timeoutMs) {
      if (reachable && text === '') return evidence(true, 'reachable, console silent');
      const seconds = Math.round(timeoutMs / 1000);
      const status = reachable ? 'reachable' : 'not reachable';
      return evidence(false, `${status} after ${seconds} s, and the console does not match ${expect}`);
    }
    await pause(ec2, { n, pace: policies.bootTest });
  }
}

function whyEnded(instance: Instance | undefined): string {
  const message = instance?.StateReason?.Message;
  return message ? `: ${message}` : '';
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
