import { existsSync } from 'node:fs';
import { deleteSnapshot, tagResources } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { diskFormats } from '@ec2-image/provenance';
import { abandonUpload, abortUploads, findObject, markKept, verifyObject } from '@ec2-image/s3-upload';
import { uploadJournal } from './arriving-upload.ts';
import { showLink } from './chain.ts';
import { discardObject } from './discard-object.ts';
import { requireBoot } from './require-boot.ts';
import { ec2Options, type ImageRun, objectLocation, objectUrl } from './run.ts';
import type { ObtainedAmi } from './rungs/ami.ts';
import type { CompleteSnapshot, ObtainedSnapshot } from './snapshot.ts';
import { preferOldest } from './surplus-snapshot.ts';
import { provenAgain, snapshotTagsOf } from './tags.ts';

/*
 * The order of effects. A tag is a claim that later runs and the janitor believe: nothing is tagged before what its tags
 * say has been shown, and nothing is deleted before what replaces it is tagged.
 *
 *   1  the object is complete in S3, with the checksum of the parts as sent    rungs/object.ts
 *   2  EC2 imports it; meanwhile image, disk and object are proven equal       proof/prove-while-importing.ts
 *      (a slow uplink leaves time to read the image for it before)             proof/prove-while-sending.ts
 *      what fails is cancelled and deleted, and made again once by qemu-img    proof/discard-unproven.ts
 *   3  the snapshot is complete, and the proof done                            rungs/import-snapshot.ts, written-snapshot.ts
 *   4  the object is still the proven one: ETag, time, version, checksum       requireSameObject
 *   5  the snapshot is tagged, and its tags are read back                      tagSnapshot
 *   6  the object is deleted, and incomplete uploads of its key are aborted    clearObject
 *   7  what was made for another AMI is copied, where that is asked for        rungs/own-snapshot.ts
 *   8  the AMI is registered with its tags, and they are read back             rungs/ami.ts
 *   9  an object that --keep-object keeps is marked                            keepObject
 *  10  the AMI boots, where a boot test is asked for, and is tagged so         require-boot.ts
 *  11  uploads that earlier runs have begun in other formats are aborted,      clearFiles
 *      and the local files deleted
 *  12  the AMI is published, where that is asked for: copies, permissions of    publish/publish-image.ts
 *      snapshots and AMI, deprecation, SSM parameters, in each region by itself, and the latest parameter last
 */

const afterSnapshot: readonly ((run: ImageRun, made: CompleteSnapshot) => Promise<void>)[] = [
  requireSameObject,
  tagSnapshot,
  clearObject,
];

export async function finishSnapshot(run: ImageRun, made: CompleteSnapshot): Promise<ObtainedSnapshot> {
  const { request, view, leftovers } = run;
  leftovers.set('task', undefined);
  leftovers.set('snapshot', `snapshot ${made.snapshot.snapshotId}`);
  run.known.proof = made.proof;
  view.stage(request.name, 'cleanup');
  for (const effect of afterSnapshot) await effect(run, made);
  const chosen = await preferOldest(run, made.snapshot);
  leftovers.set('snapshot', `snapshot ${chosen.snapshotId}`);
  return chosen;
}

export async function finishAmi(run: ImageRun, ami: ObtainedAmi): Promise<ObtainedAmi> {
  await keepObject(run);
  try {
    const booted = await requireBoot(run, ami);
    await clearFiles(run, booted);
    return booted;
  } catch (error) {
    // A later run tests the same AMI: it needs none of them.
    if (isExplained(error) && error.code === 'BOOT_TEST_FAILED') await clearFiles(run, ami);
    throw error;
  }
}

/**
 * ImportSnapshot reads whatever stands under the key. A snapshot of anything but the proven object goes before its tags
 * could make a later run believe it; an object that is gone was deleted by a run at the same time.
 */
async function requireSameObject(run: ImageRun, { snapshot, object }: CompleteSnapshot): Promise<void> {
  if (!object) return;
  try {
    await verifyObject({ ...objectLocation(run), object });
    showLink(run, {
      from: 'object',
      to: 'snapshot',
      shownBy: `${snapshot.snapshotId} was imported from the object, whose ETag, time, version and checksum are the same after it`,
    });
  } catch (error) {
    const code = isExplained(error) ? error.code : undefined;
    if (code === 'OBJECT_MISSING') return;
    if (code === 'OBJECT_CHANGED') {
      await deleteSnapshot({ ...ec2Options(run), snapshotId: snapshot.snapshotId });
      run.leftovers.set('snapshot', undefined);
    }
    throw error;
  }
}

async function tagSnapshot(run: ImageRun, { snapshot }: CompleteSnapshot): Promise<void> {
  await tagResources({
    ...ec2Options(run),
    ids: [snapshot.snapshotId],
    tags: snapshotTagsOf(run),
    overwrite: Object.keys(provenAgain(run)),
  });
}

/** Whoever left them under this key: the snapshot needs neither object nor uploads. */
async function clearObject(run: ImageRun, { object: proven }: CompleteSnapshot): Promise<void> {
  const { via, keepObject } = run.request;
  if (via === 'ebs' || keepObject) return;
  const location = objectLocation(run);
  const object = proven ?? (await findObject(location));
  if (object) await discardObject(run, object);
  try {
    await abortUploads(location);
  } catch (error) {
    // This run's own upload is complete; only what others began could be left.
    if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
    run.notice(`cannot list multipart uploads; those of other runs are not aborted: ${error.message}`);
  }
}

/**
 * To the janitor an object without the mark is a leftover, as it is before there is an AMI. An earlier run may have
 * uploaded it.
 */
async function keepObject(run: ImageRun): Promise<void> {
  if (run.request.via === 'ebs' || !run.request.keepObject) return;
  const location = objectLocation(run);
  try {
    const object = await findObject(location);
    if (object) await markKept({ ...location, object });
  } catch (error) {
    if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
    run.notice(
      `cannot mark ${objectUrl(location)} as kept, so "ec2-image janitor" takes it for a leftover: ${error.message}`,
    );
  }
}

/** An AMI that lacks tags is made complete by the next run, which then has nothing to download. */
async function clearFiles(run: ImageRun, { outcome }: ObtainedAmi): Promise<void> {
  if (outcome === 'partial') return;
  await abandonOtherFormats(run);
  if (!run.request.keepFiles) await run.directory.remove();
}

/**
 * An upload that an earlier run of this machine has begun in another format, nobody continues. It is aborted as long as the
 * journal beside the disk tells whose it is.
 */
async function abandonOtherFormats(run: ImageRun): Promise<void> {
  const { request, directory, signal, notice } = run;
  if (request.via === 'ebs') return;
  for (const format of diskFormats) {
    const inFormat = { ...run, request: { ...request, format } };
    const journalPath = uploadJournal({ request: inFormat.request, directory });
    if (format === request.format || !existsSync(journalPath)) continue;
    try {
      await abandonUpload({ ...objectLocation(inFormat), journalPath });
    } catch (error) {
      signal.throwIfAborted();
      notice(
        `cannot abort the upload of ${objectUrl(objectLocation(inFormat))}: ${(error as Error).message}`,
      );
    }
  }
}
