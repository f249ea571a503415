import { afterAbort, backOffMs, policies } from '@ec2-image/aws-call';
import { provenanceKeys, type Tags } from '@ec2-image/provenance';
import { createEc2, type Ec2 } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { foundAgain, leaveOrCancel } from './cancel-import.ts';
import { eitherSignal } from './end-import.ts';
import { findSnapshotNow } from './find-snapshot.ts';
import { watchFreshRole } from './fresh-role.ts';
import { isRetryable } from './import-failure.ts';
import { type Snapshot, sizeGiBOf, snapshotOf } from './snapshot.ts';
import { type ImportRequest, type Started, sourceOf, startImport, wantedOf } from './start-import.ts';
import { type ImportWaitOptions, waitForImport } from './wait-for-import.ts';

const again = policies.importAgain;

export interface ImportSnapshotOptions extends ImportWaitOptions, ImportRequest {
  /** How many imports to start before giving up, where one fails in a way that has been seen to pass. Default 3. */
  readonly attempts?: number;
  /** Before the second attempt; twice as long before each further one. Default 30 seconds. */
  readonly retryPauseMs?: number;
  /** From `findSnapshot`, so that an attempt of another run is not counted again. Default 0. */
  readonly endedAttempts?: number;
  /** A running task from `findSnapshot`, to wait for as the first attempt. */
  readonly importTaskId?: string;
  /** The task of each attempt, before the wait for it. */
  readonly onStarted?: (importTaskId: string) => void;
  /**
   * Whether the role may have been made within the last minutes. Asked once, where EC2 says that the role may not do
   * something: then the import is started again for up to two minutes. Default: it may not.
   */
  readonly mayBeFreshRole?: () => Promise<boolean>;
  /** Called before each further attempt, to prove that the object is still what was uploaded; throws where it is not. */
  readonly beforeRetry?: (failed: { readonly attempt: number; readonly error: Error }) => Promise<void>;
}

/**
 * Imports the object as an EBS snapshot. The snapshot is complete, and carries no tags yet: `tagResources` is next.
 *
 * On abort the running task is left running and its id told through `onNotice`, or cancelled with `cancelOnAbort`.
 *
 * @throws Ec2ImportError the codes of `waitForImport`, `SNAPSHOT_TOO_SMALL`, and the codes of a call
 */
export async function importSnapshot(options: ImportSnapshotOptions): Promise<Snapshot> {
  const ec2 = createEc2(options);
  const { attempts = again.attempts, retryPauseMs = again.firstMs, endedAttempts = 0, beforeRetry } = options;
  const role = watchFreshRole(ec2, { mayBeFresh: options.mayBeFreshRole, source: sourceOf(options) });
  let tokenNumber = endedAttempts;
  let { importTaskId } = options;
  const waiting = createEc2({ ...options, signal: eitherSignal(options) });
  const except = new Set(options.except);
  const onDiscarded = (snapshotId: string) => {
    except.add(snapshotId);
    options.onDiscarded?.(snapshotId);
  };
  for (let attempt = 1; ; ) {
    try {
      options.unwanted?.throwIfAborted();
      const started: Started = importTaskId
        ? { importTaskId, tokenNumber: tokenNumber + 1 }
        : await start(ec2, { options: { ...options, except }, tokenNumber: tokenNumber + 1 });
      importTaskId = undefined;
      tokenNumber = started.tokenNumber;
      if ('importTaskId' in started) options.onStarted?.(started.importTaskId);
      const snapshot: Snapshot =
        'snapshot' in started
          ? {
              ...snapshotOf(started.snapshot),
              ...(isTagged(started.snapshot) && { isOfAnotherRun: true as const }),
            }
          : await waitForImport({
              ...options,
              onDiscarded,
              importTaskId: started.importTaskId,
              source: sourceOf(options),
            });
      return checkSize(snapshot, options);
    } catch (error) {
      importTaskId = undefined;
      options.unwanted?.throwIfAborted();
      if (await role.waits(error)) continue;
      if (!isRetryable(error)) throw error;
      if (attempt >= attempts) throw attempt === 1 ? error : givenUp({ attempts, error });
      const pace = { ...again, firstMs: retryPauseMs };
      const pauseMs = backOffMs({ n: attempt, pace, random: ec2.random() });
      const pause = `again in ${Math.round(pauseMs / 1000)} s (attempt ${attempt + 1} of ${attempts})`;
      ec2.notice(`${error.message}; importing ${pause}.`);
      await waiting.sleep(pauseMs);
      await beforeRetry?.({ attempt, error });
      attempt += 1;
    }
  }
}

/** What EC2 has made of this run's own import carries no tags before this run sets them. */
function isTagged({ tags }: { readonly tags: Tags }): boolean {
  return tags[provenanceKeys.sourceDigest] !== undefined;
}

async function start(
  ec2: Ec2,
  { options, tokenNumber }: { options: ImportSnapshotOptions; tokenNumber: number },
): Promise<Started> {
  const limitTimeoutMs = options.taskTimeoutMs ?? policies.startQuota.limitMs;
  try {
    return await startImport(ec2, { request: options, tokenNumber, limitTimeoutMs });
  } catch (error) {
    if (options.signal?.aborted) await handleInterruptedStart(options);
    throw error;
  }
}

/** The run was told to stop while the call was under way: whether it was carried out, only the account knows. */
async function handleInterruptedStart(options: ImportSnapshotOptions): Promise<void> {
  try {
    const found = await findSnapshotNow(createEc2(afterAbort(options)), wantedOf(options));
    if (found.state === 'running') await leaveOrCancel(options, found.task.importTaskId);
  } catch {
    options.onNotice?.(`An import task may have been started${foundAgain(options)}.`);
  }
}

function givenUp({ attempts, error }: { attempts: number; error: Ec2ImportError }): Ec2ImportError {
  return new Ec2ImportError(error.code, `gave up after ${attempts} imports; the last: ${error.message}`, {
    hint: error.hint,
    resumable: error.resumable,
    cause: error,
    facts: { ...error.facts, attempts },
  });
}

/** A snapshot smaller than its disk has lost its end. A larger one was rounded up by whoever wrote the disk's header. */
function checkSize(snapshot: Snapshot, { virtualSizeBytes = 0 }: ImportSnapshotOptions): Snapshot {
  const { snapshotId, sizeGiB, importTaskId } = snapshot;
  const expectedGiB = sizeGiBOf(virtualSizeBytes);
  if (sizeGiB >= expectedGiB) return snapshot;
  throw new Ec2ImportError(
    'SNAPSHOT_TOO_SMALL',
    `snapshot ${snapshotId} has ${sizeGiB} GiB; the disk needs ${expectedGiB}`,
    {
      hint: 'Delete the snapshot and import again with another --format (raw).',
      facts: { snapshotId, sizeGiB, expectedGiB, importTaskId },
    },
  );
}
