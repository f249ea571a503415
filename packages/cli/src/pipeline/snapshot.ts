import type { ExpectedContent } from '@ec2-image/ebs-direct';
import {
  deleteSnapshot,
  findSnapshot,
  type Snapshot,
  tagResources,
  waitForImport,
} from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { earlierObjectKey } from '@ec2-image/provenance';
import {
  abortUploads,
  deleteObject,
  findObject,
  type StoredObject,
  verifyObject,
} from '@ec2-image/s3-upload';
import { importObject, mayBeTheObject, waitOptions } from './import-object.ts';
import { snapshotTagsOf } from './tags.ts';
import { ec2Options, objectLocation, type Work } from './work.ts';

export interface ObtainedSnapshot extends Snapshot {
  /** What has to be in it, where that was seen while it was written. */
  readonly content?: ExpectedContent;
}

/**
 * The snapshot: complete, adopted from a task of ours, waited for, or imported from the object. Tagged in every case,
 * and with nothing of it left in S3.
 */
export async function obtainSnapshot(work: Work): Promise<ObtainedSnapshot> {
  // Loaded only where it is wanted, with a client of its own service.
  if (work.request.via === 'ebs') return (await import('./written-snapshot.ts')).obtainWrittenSnapshot(work);
  return obtainImported({ ...work, earlierKey: await earlierKeyOf(work) });
}

/** Where a version that did not take a prefix for a whole path element left this image's object, if it did. */
async function earlierKeyOf(work: Work): Promise<string | undefined> {
  const { request, amiName, digest } = work;
  const { keyPrefix: prefix, format } = request;
  const earlierKey = earlierObjectKey({ prefix, amiName, digest, format });
  if (request.fresh || earlierKey === undefined) return undefined;
  return (await findObject(objectLocation({ ...work, earlierKey }))) && earlierKey;
}

async function obtainImported(work: Work): Promise<ObtainedSnapshot> {
  const { request, cloud, digest, notice, steps } = work;
  const { bucket, key } = objectLocation(work);
  const found = await findSnapshot({
    ...ec2Options(work),
    digest,
    format: request.format,
    account: cloud.account,
    bucket,
    key,
    fresh: request.fresh,
  });
  if (found.state === 'complete') {
    notice(`snapshot ${found.snapshot.snapshotId} is complete: it is used`);
    steps.reuse('import');
    return settle(work, found.snapshot);
  }
  const awaited = found.state === 'running' ? await waitFor(work, found.importTaskId) : undefined;
  if (awaited) return settle(work, awaited);
  const endedAttempts = found.endedAttempts + (found.state === 'running' ? 1 : 0);
  const { snapshot, object } = await importObject(work, { endedAttempts });
  return settle(work, snapshot, object);
}

/** A task that an earlier run started. Undefined where it came to nothing in a way that another attempt may mend. */
async function waitFor(work: Work, importTaskId: string): Promise<Snapshot | undefined> {
  work.notice(`import task ${importTaskId} is running: it is waited for`);
  work.remains.set('task', `import task ${importTaskId}`);
  try {
    return await work.steps.take('import', () => waitForImport({ ...waitOptions(work), importTaskId }));
  } catch (error) {
    const { retryable, snapshotId } = (isExplained(error) ? error.facts : {}) as {
      retryable?: boolean;
      snapshotId?: string;
    };
    if (!(retryable || mayBeTheObject(error)) || work.signal.aborted) throw error;
    work.notice(`${(error as Error).message}; importing once more`);
    if (snapshotId) await deleteSnapshot({ ...ec2Options(work), snapshotId });
    return undefined;
  }
}

/** The order is the contract's: tagged and read back, the object still the proven one, the object deleted. */
async function settle(work: Work, snapshot: Snapshot, object?: StoredObject): Promise<Snapshot> {
  const { request, view, remains } = work;
  remains.set('task', undefined);
  remains.set('snapshot', `snapshot ${snapshot.snapshotId}`);
  view.stage(request.name, 'cleanup');
  if (object) await checkImported(work, { snapshot, object });
  await tagResources({ ...ec2Options(work), ids: [snapshot.snapshotId], tags: snapshotTagsOf(work) });
  if (!request.keepObject) await clearObject(work, object);
  return snapshot;
}

/**
 * ImportSnapshot reads whatever stands under the key. A snapshot of anything but the proven object goes before its tags
 * could make a later run believe it; an object that is gone was cleared away by a run at the same time.
 */
async function checkImported(
  work: Work,
  { snapshot, object }: { readonly snapshot: Snapshot; readonly object: StoredObject },
): Promise<void> {
  try {
    await verifyObject({ ...objectLocation(work), object });
  } catch (error) {
    const code = isExplained(error) ? error.code : undefined;
    if (code === 'OBJECT_MISSING') return;
    if (code === 'OBJECT_CHANGED') {
      await deleteSnapshot({ ...ec2Options(work), snapshotId: snapshot.snapshotId });
      work.remains.set('snapshot', undefined);
    }
    throw error;
  }
}

/** Object and unfinished uploads, whoever left them under this key: the snapshot needs neither. */
async function clearObject(work: Work, proven?: StoredObject): Promise<void> {
  const location = objectLocation(work);
  const object = proven ?? (await findObject(location));
  if (object) await deleteObject({ ...location, object });
  work.remains.set('object', undefined);
  try {
    await abortUploads(location);
  } catch (error) {
    // This run's own upload is complete; only what others began could be left.
    if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
    work.notice(`unfinished uploads of other runs are not looked for: ${error.message}`);
  }
}
