import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { policies, refusedCodeOf, waitUntil } from '@ec2-image/aws-call';
import { gaveUpWaiting } from '../errors.ts';
import type { InstanceFact } from '../facts.ts';
import { all } from '../scan/all.ts';
import { scanInstances } from '../scan/instances.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** Terminates it, and waits until EC2 lists it as ending: from there no way leads back. */
export async function removeInstance(
  { region, instanceId }: InstanceFact,
  { senders }: RemovalOptions,
): Promise<Removal> {
  const ec2 = senders.ec2(region);
  try {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  } catch (error) {
    const code = refusedCodeOf(error);
    if (code === 'InvalidInstanceID.NotFound') return { outcome: 'gone' };
    if (code !== 'OperationNotPermitted') throw error;
    return { outcome: 'skipped', detail: 'somebody has enabled its termination protection' };
  }
  return waitUntil(ec2, {
    policy: policies.terminateInstance,
    onTimeout: gaveUpWaiting('the instance to end'),
    async ask(): Promise<Removal | undefined> {
      const running = await all(scanInstances({ ec2, region, instanceId }));
      return running.length > 0 ? undefined : { outcome: 'deleted' };
    },
  });
}
