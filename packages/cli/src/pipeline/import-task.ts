import type { ImportProgress } from '@ec2-image/ec2-import';
import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import { ec2Options, type ImageRun } from './run.ts';

const kinds: ReadonlySet<unknown> = new Set(['validation', 'format', 'unknown']);

/** Whether an import failed in a way that wrong bytes in the object would explain. */
export function mayBeTheObject(error: unknown): error is ExplainedError {
  return isExplained(error) && (kinds.has(error.facts.kind) || error.code === 'SNAPSHOT_TOO_SMALL');
}

/** What waiting for a task takes. */
export function waitOptions(run: ImageRun) {
  const { request, view, cancelOnInterrupt, leftovers } = run;
  return {
    ...ec2Options(run),
    roleName: request.roleName,
    taskTimeoutMs: request.importTimeoutMs,
    cancelOnAbort: cancelOnInterrupt,
    onDiscarded: (snapshotId: string) => void run.unwantedSnapshots.push(snapshotId),
    onProgress({ importTaskId, percent, status, message }: ImportProgress) {
      leftovers.set('task', leftoverOf(importTaskId, status));
      view.progress(request.name, {
        done: status === 'completed' ? 100 : (percent ?? 0),
        total: 100,
        unit: 'percent',
        note: message ?? status,
        stage: 'import',
      });
    },
  };
}

/** One that failed leaves nothing: what there may be of its snapshot is deleted. */
function leftoverOf(importTaskId: string, status: string): string | undefined {
  if (['deleted', 'cancelled', 'error'].includes(status)) return undefined;
  return status === 'completed'
    ? `the snapshot of import task ${importTaskId}`
    : `import task ${importTaskId}`;
}
