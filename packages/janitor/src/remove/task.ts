import { CancelImportTaskCommand } from '@aws-sdk/client-ec2';
import { type TaskFact, taskPhase } from '../facts.ts';
import { scanTasks } from '../scan/tasks.ts';
import { untilEnded, waitFor } from '../wait.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** Cancels and waits for the end, whatever it is: a task may complete while it is being cancelled. */
export async function removeTask(
  task: TaskFact,
  { clients, account: _, ...waiting }: RemovalOptions,
): Promise<Removal> {
  const ec2 = clients.ec2(task.region);
  const { signal } = waiting;
  const readAgain = async () => {
    for await (const other of scanTasks({ ec2, region: task.region, signal })) {
      if (other.taskId === task.taskId) return other;
    }
    return undefined;
  };
  try {
    await ec2.send(
      new CancelImportTaskCommand({
        ImportTaskId: task.taskId,
        CancelReason: 'left behind by a failed import',
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    // It may have ended, or been cancelled by another janitor, since it was looked at.
    const current = await readAgain();
    if (current && taskPhase(current) !== 'ended' && taskPhase(current) !== 'ending') throw error;
  }
  return waitFor(
    async (): Promise<Removal | undefined> => {
      const current = await readAgain();
      if (!current) return { outcome: 'gone' };
      if (taskPhase(current) !== 'ended') return undefined;
      if (current.state !== 'completed') return { outcome: 'deleted', detail: `it ended ${current.state}` };
      return {
        outcome: 'skipped',
        detail: `it completed while it was being cancelled: ${current.snapshotId ?? 'its snapshot'} is treated as new`,
      };
    },
    { ...untilEnded, ...waiting, what: 'the cancelled task to end' },
  );
}
