import { CancelImportTaskCommand } from '@aws-sdk/client-ec2';
import { policies, waitUntil } from '@ec2-image/aws-call';
import { gaveUpWaiting } from '../errors.ts';
import { type TaskFact, taskPhase } from '../facts.ts';
import { scanTasks } from '../scan/tasks.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** Cancels and waits for the end, whatever it is: a task may complete while it is being cancelled. */
export async function removeTask(
  { region, taskId }: TaskFact,
  { senders, signal }: RemovalOptions,
): Promise<Removal> {
  const ec2 = senders.ec2(region);
  const readAgain = async () => {
    for await (const other of scanTasks({ ec2, region })) {
      if (other.taskId === taskId) return other;
    }
    return undefined;
  };
  try {
    await ec2.send(
      new CancelImportTaskCommand({
        ImportTaskId: taskId,
        CancelReason: 'left behind by a failed import',
      }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    // It may have ended, or been cancelled by another janitor, since it was checked.
    const current = await readAgain();
    if (current && taskPhase(current) !== 'ended' && taskPhase(current) !== 'ending') throw error;
  }
  return waitUntil(ec2, {
    policy: policies.importTaskEnd,
    onTimeout: gaveUpWaiting('the cancelled task to end'),
    async ask(): Promise<Removal | undefined> {
      const current = await readAgain();
      if (!current) return { outcome: 'gone' };
      if (taskPhase(current) !== 'ended') return undefined;
      if (current.state !== 'completed')
        return { outcome: 'deleted', detail: `final state: ${current.state}` };
      return {
        outcome: 'skipped',
        detail: `completed while it was being cancelled: ${current.snapshotId ?? 'its snapshot'} is treated as new`,
      };
    },
  });
}
