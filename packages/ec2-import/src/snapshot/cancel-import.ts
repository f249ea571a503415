import { CancelImportTaskCommand } from '@aws-sdk/client-ec2';
import { afterAbort, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { isCode } from '../errors.ts';

/** Asks EC2 to cancel the task. What comes back is EC2's refusal, such as that the task has ended. */
export async function cancelTask(ec2: Ec2, importTaskId: string): Promise<Error | undefined> {
  try {
    const CancelReason = 'given up by ec2-image';
    await ec2.send(new CancelImportTaskCommand({ ImportTaskId: importTaskId, CancelReason }));
    return undefined;
  } catch (error) {
    ec2.signal?.throwIfAborted();
    if (isCode(error, 'EC2_REFUSED', 'ACCESS_DENIED', 'EC2_UNREACHABLE', 'THROTTLED')) return error;
    throw error;
  }
}

/** What becomes of a running task when its run is told to stop; never throws. */
export async function leaveOrCancel(
  options: Ec2Options & { readonly cancelOnAbort?: boolean },
  importTaskId: string,
): Promise<void> {
  const { cancelOnAbort = false, onNotice } = options;
  if (!cancelOnAbort) {
    onNotice?.(`Import task ${importTaskId} goes on running; the same command waits for it again.`);
    return;
  }
  try {
    const refused = await cancelTask(afterAbort(options), importTaskId);
    onNotice?.(
      refused
        ? `Import task ${importTaskId} was not cancelled: ${refused.message}.`
        : `Import task ${importTaskId} is cancelled; EC2 takes a moment to end it.`,
    );
  } catch (error) {
    onNotice?.(`Import task ${importTaskId} was not cancelled: ${String(error)}.`);
  }
}
