import { CancelImportTaskCommand } from '@aws-sdk/client-ec2';
import {
  afterAbort,
  isAboutCredentials,
  isAwsCallError,
  policies,
  refusedCodeOf,
  retry,
} from '@ec2-image/aws-call';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';

/** A task that was just started may not be known everywhere. Of a clean-up's time, some stays for the last answer. */
const unseen = { ...policies.cleanUp, limitMs: policies.cleanUp.limitMs - policies.cleanUp.firstMs };

/** Asks EC2 to cancel the task. Returns EC2's refusal, such as that the task has ended. */
export async function cancelTask(ec2: Ec2, importTaskId: string): Promise<Error | undefined> {
  try {
    const CancelReason = 'cancelled by ec2-image';
    await retry(ec2, {
      policy: unseen,
      call: () => ec2.send(new CancelImportTaskCommand({ ImportTaskId: importTaskId, CancelReason })),
      isRetryable: (error) => refusedCodeOf(error)?.startsWith('InvalidConversionTaskId') === true,
    });
    return undefined;
  } catch (error) {
    ec2.signal?.throwIfAborted();
    if (isAwsCallError(error) && !isAboutCredentials(error)) return error;
    throw error;
  }
}

/** Of a task that may be running: what the same command does about it. */
export function foundAgain({ resumes = true }: Pick<Ec2Options, 'resumes'>): string {
  return resumes ? '; the same command finds it' : '';
}

/** What becomes of a running task when its run is told to stop; never throws. */
export async function leaveOrCancel(
  options: Ec2Options & { readonly cancelOnAbort?: boolean },
  importTaskId: string,
): Promise<void> {
  const { cancelOnAbort = false, resumes = true, onNotice } = options;
  if (!cancelOnAbort) {
    onNotice?.(
      `Import task ${importTaskId} is still running on AWS.${resumes ? ' Run the same command again to wait for it.' : ''}`,
    );
    return;
  }
  try {
    const refused = await cancelTask(createEc2(afterAbort(options)), importTaskId);
    onNotice?.(
      refused
        ? `Import task ${importTaskId} was not cancelled: ${refused.message}.`
        : `Cancelling import task ${importTaskId}.`,
    );
  } catch (error) {
    onNotice?.(`Import task ${importTaskId} was not cancelled: ${String(error)}.`);
  }
}
