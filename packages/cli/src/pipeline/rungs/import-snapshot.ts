import * as ec2 from '@ec2-image/ec2-import';
import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import { clientToken } from '@ec2-image/provenance';
import { readObject, type StoredObject, verifyObject } from '@ec2-image/s3-upload';
import { CliError } from '../../errors/cli-error.ts';
import { discardObject } from '../discard-object.ts';
import { discardSnapshot } from '../discard-snapshot.ts';
import { mayBeFreshRole } from '../fresh-role.ts';
import { mayBeTheObject, waitOptions } from '../import-task.ts';
import { showStage } from '../progress.ts';
import { discardUnproven } from '../proof/discard-unproven.ts';
import { type ImportSignals, type ProofMeans, proveWhileImporting } from '../proof/prove-while-importing.ts';
import { type ImageRun, objectLocation, objectUrl } from '../run.ts';
import type { CompleteSnapshot, ObtainedObject } from '../snapshot.ts';
import { FailedProof } from '../snapshot-proof.ts';
import { constantTagsOf } from '../tags.ts';

/**
 * The snapshot, imported from the object, which is proven meanwhile. What fails its proof is ended and deleted, and made again
 * once, by qemu-img.
 *
 * S3 may report the right checksum for wrong bytes, and every later run would use such an object again. So an import
 * that fails as one of a damaged disk would is given up only after the object was read back; one whose bytes differ is
 * deleted, obtained again and given one more attempt, once in a run.
 */
export async function importSnapshot(
  run: ImageRun,
  {
    obtainObject,
    ...means
  }: ProofMeans & { readonly obtainObject: (run: ImageRun) => Promise<ObtainedObject> },
): Promise<CompleteSnapshot> {
  for (let isAgain = false; ; ) {
    const obtained = await obtainObject(run);
    const { object } = obtained;
    await using _ = obtained.disk;
    try {
      const attempts = isAgain ? 1 : run.request.importAttempts;
      const importing = (signals: ImportSignals) => importFrom(run, { ...obtained, ...signals, attempts });
      const { snapshot, proof } = await proveWhileImporting(run, { object: obtained, importing, ...means });
      return { object, snapshot: { ...snapshot, isOwn: true }, proof };
    } catch (error) {
      if (error instanceof FailedProof) {
        await discardUnproven(run, { object, failed: error });
        continue;
      }
      if (run.signal.aborted || !mayBeTheObject(error)) throw error;
      await requireCorrupt(run, { object, error });
      await discard(run, { object, error });
      if (isAgain) throw corruptAgain({ object, error });
      run.endedAttempts.number += Number(error.facts.attempts ?? 1);
      run.notice(
        `${error.message}; ${objectUrl(object)} was read back and is corrupt: deleted, uploading it again`,
      );
      isAgain = true;
    }
  }
}

/** @throws the import's error, where the object is right or that cannot be told */
async function requireCorrupt(
  run: ImageRun,
  { object, error }: { readonly object: StoredObject; readonly error: ExplainedError },
): Promise<void> {
  const { request, view, signal } = run;
  const read = () =>
    readObject({
      ...objectLocation(run),
      object,
      onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
    });
  try {
    await showStage({ view, image: request.name, stage: 'checking', signal }, read);
  } catch (found) {
    run.signal.throwIfAborted();
    if (isExplained(found) && found.code === 'OBJECT_CORRUPT') return;
    run.notice(`${objectUrl(object)} could not be read back: ${(found as Error).message}`);
    throw error;
  }
  const { code, message, hint, resumable, facts } = error;
  throw new CliError(code, `${message} (${objectUrl(object)} was read back: its bytes are right)`, {
    hint,
    resumable,
    facts,
    cause: error,
  });
}

/** The object, and the snapshot that was made of it and is too small for its disk. */
async function discard(
  run: ImageRun,
  { object, error }: { readonly object: StoredObject; readonly error: ExplainedError },
): Promise<void> {
  const { snapshotId } = error.facts;
  if (error.code === 'SNAPSHOT_TOO_SMALL' && typeof snapshotId === 'string')
    await discardSnapshot(run, snapshotId);
  await discardObject(run, object);
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
    `S3 stored ${objectUrl(object)} with other bytes than it was sent, twice; it was deleted (${error.message})`,
    {
      hint: 'Try another bucket; if it recurs, contact AWS Support with the bucket, key and time.',
      cause: error,
      facts: { bucket, key },
    },
  );
}

function importFrom(
  run: ImageRun,
  {
    object,
    virtualSizeBytes,
    attempts,
    ...signals
  }: ObtainedObject & ImportSignals & { readonly attempts?: number },
): Promise<ec2.Snapshot> {
  const { request, cloud, digest, steps, leftovers } = run;
  const { bucket, key } = object;
  const tags = constantTagsOf(run);
  return steps.take('import', () =>
    ec2.importSnapshot({
      ...waitOptions(run),
      signal: signals.signal,
      unwanted: signals.unwanted,
      object,
      format: request.format,
      digest,
      virtualSizeBytes,
      tags,
      encrypted: run.encryption.encrypted,
      kmsKeyId: run.encryption.kmsKeyArn,
      onStarted: (importTaskId) => leftovers.set('task', `import task ${importTaskId}`),
      endedAttempts: run.endedAttempts.number,
      except: run.unwantedSnapshots,
      attempts,
      mayBeFreshRole: () => mayBeFreshRole(run),
      clientTokenFor: (attempt) =>
        clientToken({
          account: cloud.account ?? '',
          region: cloud.region,
          bucket,
          key,
          digest,
          format: request.format,
          options: {
            ...tags,
            roleName: request.roleName,
            ...run.encryption,
            checksum: object.checksum.value,
          },
          attempt,
        }),
      beforeRetry: async () => {
        await verifyObject({ ...objectLocation(run), object });
      },
    }),
  );
}
