import { lookIntoImage } from './boot/find-boot-mode.ts';
import { finishSnapshot } from './effects.ts';
import { proveSnapshot } from './prove-snapshot.ts';
import type { ImageRun } from './run.ts';
import { findAmi, type ObtainedAmi, registerAmi } from './rungs/ami.ts';
import { startArrivingDisk } from './rungs/arriving-disk.ts';
import { startDisk } from './rungs/disk.ts';
import { findImportedSnapshot } from './rungs/find-imported-snapshot.ts';
import { beginImage, obtainImage, startImage } from './rungs/image.ts';
import { importSnapshot } from './rungs/import-snapshot.ts';
import { findObject, hasObject, locateObject, uploadDisk } from './rungs/object.ts';
import { copyOwn, findOwn } from './rungs/own-snapshot.ts';
import { startStreamedDisk } from './rungs/streamed-disk.ts';
import type { ObtainedObject, ObtainedSnapshot } from './snapshot.ts';
import type { StartedDisk } from './started-disk.ts';
import { obtainVerified, requireVerified } from './verified-snapshot.ts';

/*
 * image ──► disk ──► object ──► snapshot ──► AMI, from the end: each result is looked for first, and made from the one
 * before it only where it does not exist. Running the same command again is therefore the recovery, from any machine.
 * Looking takes seconds, since one look alone does not show that something is missing: from the first on that finds nothing,
 * the image is on its way.
 */

export async function obtainAmi(run: ImageRun): Promise<ObtainedAmi> {
  return (
    (await findAmi(run, { verifyImage: obtainImage, proveSnapshot })) ??
    registerAmi(run, await obtainSnapshot(run))
  );
}

async function obtainSnapshot(run: ImageRun): Promise<ObtainedSnapshot> {
  const snapshot = await obtainAnySnapshot(run);
  return run.request.ami.ownSnapshot ? obtainOwnSnapshot(run, snapshot) : snapshot;
}

/** Of the image, whichever AMI it was made for. */
function obtainAnySnapshot(run: ImageRun): Promise<ObtainedSnapshot> {
  const obtain = run.request.via === 'ebs' ? obtainWrittenSnapshot : obtainImportedSnapshot;
  return run.request.verify ? obtainVerified(run, obtain) : obtain(run);
}

/** One that no other AMI has. */
async function obtainOwnSnapshot(run: ImageRun, snapshot: ObtainedSnapshot): Promise<ObtainedSnapshot> {
  const own = await findOwn(run, snapshot);
  if (own?.snapshotId === snapshot.snapshotId) return snapshot;
  const copy = own ?? (await copyOwn(run, snapshot));
  if (run.request.verify) await requireVerified(run, copy);
  return copy;
}

async function obtainImportedSnapshot(given: ImageRun): Promise<ObtainedSnapshot> {
  const run = await locateObject(given);
  // An object would make the image needless.
  const onNothingYet = () => beginImage(run, { isNeedless: hasObject });
  return finishSnapshot(
    run,
    (await findImportedSnapshot(run, { obtainImage, obtainDisk, proveSnapshot, onNothingYet })) ??
      (await importSnapshot(run, { obtainObject, obtainDisk, proveSnapshot })),
  );
}

/** Loaded only where it is wanted, with the client of its own service. */
async function obtainWrittenSnapshot(run: ImageRun): Promise<ObtainedSnapshot> {
  const { findWrittenSnapshot, writeSnapshot } = await import('./rungs/written-snapshot.ts');
  const onNothingYet = () => beginImage(run);
  return finishSnapshot(
    run,
    (await findWrittenSnapshot(run, { obtainImage, proveSnapshot, onNothingYet })) ??
      (await writeSnapshot(run, { obtainImage, startImage })),
  );
}

async function obtainObject(run: ImageRun): Promise<ObtainedObject> {
  return (await findObject(run, obtainImage)) ?? uploadDisk(run, obtainDiskToSend);
}

/** Where it can be sent while it comes, neither image nor disk is a file. */
async function obtainDiskToSend(run: ImageRun): Promise<StartedDisk> {
  return (await startStreamedDisk(run)) ?? obtainDisk(run);
}

/**
 * Whether an earlier run converted it already is for the conversion to find out: only the image tells whether it is right. What
 * has failed a proof in this run is made by qemu-img.
 */
async function obtainDisk(given: ImageRun): Promise<StartedDisk> {
  const run =
    given.failedProofs.wrong > 0
      ? { ...given, request: { ...given.request, converter: 'qemu-img' as const } }
      : given;
  const image = await startImage(run);
  const arriving = await startArrivingDisk(run, image);
  if (arriving) return arriving;
  const whole = await image.finished;
  await lookIntoImage(run, whole);
  return startDisk(run, whole);
}
