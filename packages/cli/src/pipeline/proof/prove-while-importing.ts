import { describeSnapshot, type Snapshot } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { isSufficientProof, provenanceKeys, readProof } from '@ec2-image/provenance';
import { mayBeTheObject } from '../import-task.ts';
import { ec2Options, type ImageRun } from '../run.ts';
import type { ObtainedObject } from '../snapshot.ts';
import { FailedProof, isWrongContent, type SnapshotProof } from '../snapshot-proof.ts';
import { type ObtainDisk, proveObject } from './prove-object.ts';

/** What an import takes that is proven meanwhile. */
export interface ImportSignals {
  readonly signal: AbortSignal;
  /** Aborts where the proof has failed: the import is then to be ended, with the signal's reason. */
  readonly unwanted: AbortSignal;
}

/** What a proof takes. */
export interface ProofMeans {
  readonly obtainDisk: ObtainDisk;
  /** By reading the snapshot. */
  readonly proveSnapshot: (run: ImageRun, snapshotId: string) => Promise<void>;
}

export interface ProvenImport {
  readonly snapshot: Snapshot;
  readonly proof: SnapshotProof;
}

/**
 * Imports, and meanwhile proves what is imported; whichever ends first waits for the other. Where nothing can be told from the
 * object, as it is gone or this machine makes other bytes, the finished snapshot is read.
 *
 * @param options.object what is imported; undefined where that is gone
 * @throws FailedProof once nothing imports any more: what is complete of the import is named by it, and still there
 */
export async function proveWhileImporting(
  run: ImageRun,
  {
    object,
    importing,
    obtainDisk,
    proveSnapshot,
  }: ProofMeans & {
    readonly object: Pick<ObtainedObject, 'object' | 'disk'> | undefined;
    readonly importing: (signals: ImportSignals) => Promise<Snapshot>;
  },
): Promise<ProvenImport> {
  const [stop, leave, unwanted] = [new AbortController(), new AbortController(), new AbortController()];
  const either = ({ signal }: AbortController) => AbortSignal.any([run.signal, signal]);
  const proving = prove({ ...run, signal: either(stop) }, object, obtainDisk).catch((error: unknown) => {
    const failed = isWrongContent(error) ? new FailedProof(error) : error;
    // An import of which nothing is known is left running: the same command proves it.
    (failed instanceof FailedProof ? unwanted : leave).abort(failed);
    throw failed;
  });
  proving.catch(() => {});
  let snapshot: Snapshot;
  try {
    snapshot = await importing({ signal: either(leave), unwanted: unwanted.signal });
  } catch (error) {
    // One that fails as of a damaged disk may fail because of what the proof is about to find.
    if (!mayBeTheObject(error)) stop.abort(error);
    const failed = await proving.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    run.signal.throwIfAborted();
    if (stop.signal.aborted && !leave.signal.aborted && !unwanted.signal.aborted) throw error;
    if (!(failed instanceof FailedProof)) throw leave.signal.aborted ? failed : error;
    throw new FailedProof(failed.because, { snapshotId: snapshotOf(error) });
  }
  const importedAt = performance.now();
  const proven = await proving.catch((error: unknown) => {
    if (!(error instanceof FailedProof)) throw error;
    throw new FailedProof(error.because, { snapshotId: snapshot.snapshotId });
  });
  // What proves this run's object says nothing of a snapshot that another run made of another one.
  if (proven && (proven.extent === 'none' || !snapshot.isOfAnotherRun)) {
    const { endedAt, ...proof } = proven;
    if (endedAt === undefined) return { snapshot, proof };
    return { snapshot, proof: { ...proof, secondsBeforeImportEnd: seconds(importedAt - endedAt) } };
  }
  return { snapshot, proof: await proofOfSnapshot(run, snapshot, proveSnapshot) };
}

async function prove(
  run: ImageRun,
  object: Pick<ObtainedObject, 'object' | 'disk'> | undefined,
  obtainDisk: ObtainDisk,
): Promise<(SnapshotProof & { readonly endedAt?: number }) | undefined> {
  const { proof: extent } = run.request;
  if (extent === 'none') {
    const converter = object?.disk ? await object.disk.madeBy() : object?.object.converter;
    return { extent, converter };
  }
  const proven = object && (await proveObject(run, object, obtainDisk));
  return proven
    ? { extent, converter: proven.converter, madeAt: now(run), endedAt: performance.now() }
    : undefined;
}

/** Whoever deleted the object may have tagged the snapshot before. */
async function proofOfSnapshot(
  run: ImageRun,
  { snapshotId }: Snapshot,
  proveSnapshot: ProofMeans['proveSnapshot'],
): Promise<SnapshotProof> {
  const { tags = {} } = (await describeSnapshot({ ...ec2Options(run), snapshotId })) ?? {};
  const converter = tags[provenanceKeys.converter];
  const extent = readProof(tags);
  if (extent !== undefined && isSufficientProof(extent, run.request.proof)) return { extent, converter };
  await proveSnapshot(run, snapshotId);
  return { extent: 'full', madeAt: now(run), converter };
}

function now({ cloud }: ImageRun): Date {
  return new Date(cloud.connection.clock.now());
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function snapshotOf(error: unknown): string | undefined {
  const snapshotId = isExplained(error) ? error.facts.snapshotId : undefined;
  return typeof snapshotId === 'string' ? snapshotId : undefined;
}
