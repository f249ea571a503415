import { deleteSnapshot, type ImportProgress, importSnapshot, type Snapshot } from '@ec2-image/ec2-import';
import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import { clientToken } from '@ec2-image/provenance';
import { deleteObject, readObject, type StoredObject, verifyObject } from '@ec2-image/s3-upload';
import { CliError } from '../errors.ts';
import { type ObtainedObject, obtainObject } from './object.ts';
import { constantTagsOf } from './tags.ts';
import { ec2Options, objectLocation, type Work } from './work.ts';

/**
 * The snapshot, imported from the object, which is uploaded where it is missing.
 *
 * S3 may report the right checksum for wrong bytes, and every later run would use such an object again. So an import
 * that fails as one of a damaged disk would is given up only after the object was read back; one whose bytes differ is
 * deleted, uploaded again and given one more attempt, once in a run.
 */
export async function importObject(
  work: Work,
  { endedAttempts }: { readonly endedAttempts: number },
): Promise<{ readonly snapshot: Snapshot; readonly object: StoredObject }> {
  let ended = endedAttempts;
  for (let isAgain = false; ; isAgain = true) {
    const obtained = await obtainObject(work);
    const { object } = obtained;
    try {
      const attempts = isAgain ? 1 : work.request.importAttempts;
      return { object, snapshot: await importFrom(work, { ...obtained, endedAttempts: ended, attempts }) };
    } catch (error) {
      if (work.signal.aborted || !mayBeTheObject(error)) throw error;
      await requireCorrupt(work, { object, error });
      await discard(work, { object, error });
      if (isAgain) throw corruptAgain({ object, error });
      ended += Number(error.facts.attempts ?? 1);
      work.notice(
        `${error.message}; ${urlOf(object)} was read back and is corrupt: deleted, uploading it again`,
      );
    }
  }
}

const kinds: ReadonlySet<unknown> = new Set(['validation', 'format', 'unknown']);

/** Whether an import failed in a way that wrong bytes in the object would explain. */
export function mayBeTheObject(error: unknown): error is ExplainedError {
  return isExplained(error) && (kinds.has(error.facts.kind) || error.code === 'SNAPSHOT_TOO_SMALL');
}

/** @throws the import's error, where the object is right or that cannot be told */
async function requireCorrupt(
  work: Work,
  { object, error }: { readonly object: StoredObject; readonly error: ExplainedError },
): Promise<void> {
  const { request, view } = work;
  view.stage(request.name, 'verify snapshot');
  try {
    await readObject({
      ...objectLocation(work),
      object,
      onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
    });
  } catch (found) {
    work.signal.throwIfAborted();
    if (isExplained(found) && found.code === 'OBJECT_CORRUPT') return;
    work.notice(`${urlOf(object)} could not be read back: ${(found as Error).message}`);
    throw error;
  }
  const { code, message, hint, facts } = error;
  throw new CliError(code, `${message} (${urlOf(object)} was read back: its bytes are right)`, {
    hint,
    facts,
    cause: error,
  });
}

/** The object, and the snapshot that was made of it and is too small for its disk. */
async function discard(
  work: Work,
  { object, error }: { readonly object: StoredObject; readonly error: ExplainedError },
): Promise<void> {
  const { snapshotId } = error.facts;
  if (error.code === 'SNAPSHOT_TOO_SMALL' && typeof snapshotId === 'string')
    await deleteSnapshot({ ...ec2Options(work), snapshotId });
  await deleteObject({ ...objectLocation(work), object });
  work.remains.set('object', undefined);
}

function corruptAgain({
  object,
  error,
}: {
  readonly object: StoredObject;
  readonly error: ExplainedError;
}): CliError {
  const { bucket, key } = object;
  return new CliError(
    'UPLOAD_CORRUPTED',
    `S3 stored ${urlOf(object)} with other bytes than it was sent, twice; it was deleted (${error.message})`,
    {
      hint: 'Try another bucket; if it recurs, contact AWS Support with the bucket, key and time.',
      cause: error,
      facts: { bucket, key },
    },
  );
}

function importFrom(
  work: Work,
  {
    object,
    virtualSizeBytes,
    endedAttempts,
    attempts,
  }: ObtainedObject & { readonly endedAttempts: number; readonly attempts?: number },
): Promise<Snapshot> {
  const { request, cloud, digest, steps, remains } = work;
  const { bucket, key } = object;
  const tags = constantTagsOf(work);
  return steps.take('import', () =>
    importSnapshot({
      ...waitOptions(work),
      object,
      format: request.format,
      digest,
      virtualSizeBytes,
      tags,
      onStarted: (importTaskId) => remains.set('task', `import task ${importTaskId}`),
      endedAttempts,
      attempts,
      clientTokenFor: (attempt) =>
        clientToken({
          account: cloud.account ?? '',
          region: cloud.region,
          bucket,
          key,
          digest,
          format: request.format,
          options: { ...tags, roleName: request.roleName },
          attempt,
        }),
      beforeRetry: async () => {
        await verifyObject({ ...objectLocation(work), object });
      },
    }),
  );
}

/** What waiting for a task takes. */
export function waitOptions(work: Work) {
  const { request, view, cancelOnInterrupt, remains } = work;
  return {
    ...ec2Options(work),
    roleName: request.roleName,
    taskTimeoutMs: request.importTimeoutMs,
    cancelOnAbort: cancelOnInterrupt,
    onProgress({ importTaskId, percent, status, message }: ImportProgress) {
      remains.set('task', remainOf(importTaskId, status));
      view.progress(request.name, {
        done: status === 'completed' ? 100 : (percent ?? 0),
        total: 100,
        unit: 'percent',
        note: message ?? status,
      });
    },
  };
}

/** One that failed leaves nothing: what there may be of its snapshot is deleted. */
function remainOf(importTaskId: string, status: string): string | undefined {
  if (['deleted', 'cancelled', 'error'].includes(status)) return undefined;
  return status === 'completed'
    ? `the snapshot of import task ${importTaskId}`
    : `import task ${importTaskId}`;
}

function urlOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}
