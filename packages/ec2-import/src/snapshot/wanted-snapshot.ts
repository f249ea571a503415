import {
  type Digest,
  type DiskFormat,
  hasFailedProof,
  lacksHoles,
  provenanceKeys,
  readProvenance,
  shortDigest,
} from '@ec2-image/provenance';
import { type ImportTask, taskState } from './import-task.ts';
import { type SnapshotFacts, sizeGiBOf } from './snapshot.ts';

/** The snapshot that is asked for. What is left out may be anything. */
export interface WantedSnapshot {
  readonly digest: Digest;
  /** Another format of the same image is the same disk, but somebody who asks for one wants that one tried. */
  readonly format?: DiskFormat;
  readonly virtualSizeBytes?: number;
  /** Left out, an account's own rule decides, and either is taken. */
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  /** Whether one will do that was written without the blocks that its image never wrote. Default false. */
  readonly allowHoles?: boolean;
  readonly account?: string;
  /** Where its object is, to know an import task that reports no tags. */
  readonly bucket?: string;
  readonly key?: string;
}

/** A task for this digest and format, by its tags; where none are reported, by the object that it reads. */
export function isOurTask({ task, wanted }: { task: ImportTask; wanted: WantedSnapshot }): boolean {
  if (wanted.format && task.format && task.format.toLowerCase() !== wanted.format) return false;
  const readsOurs = task.bucket === wanted.bucket && task.key === wanted.key;
  if (!task.tags) return wanted.key !== undefined && readsOurs;
  return readProvenance(task.tags)?.digest === wanted.digest;
}

/** Why a task made by ec2-image, running or completed, is not the wanted one. */
export function whyNotTask({
  task,
  wanted,
}: {
  task: ImportTask;
  wanted: WantedSnapshot;
}): string | undefined {
  // Tags say that a task is ours; what it reads says what its snapshot will hold. Our keys end in the digest.
  if (task.key && !task.key.includes(`/${shortDigest(wanted.digest)}.`))
    return `reads ${task.bucket}/${task.key}, which is not this image's object`;
  return whyNotEncryption({ found: task, wanted });
}

/**
 * Whether a run of this tool has seen the snapshot complete with everything in it. The tags of an EBS direct write are
 * there from its start, and anybody may complete it; the time of the run is added when all is written.
 */
export function isFinished(snapshot: SnapshotFacts | undefined): boolean {
  return snapshot?.state === 'completed' && snapshot.tags[provenanceKeys.startedAt] !== undefined;
}

/** Why a snapshot is not the wanted one, whoever says that it is ours. */
export function whyNotSnapshot({
  snapshot,
  task,
  wanted,
}: {
  snapshot: SnapshotFacts;
  /** The one that made it, as its description or the task itself says. */
  task: ImportTask | undefined;
  wanted: WantedSnapshot;
}): string | undefined {
  const { state, sizeGiB, tags } = snapshot;
  if (wanted.account && snapshot.ownerId && snapshot.ownerId !== wanted.account)
    return `belongs to account ${snapshot.ownerId}`;
  if (state !== 'completed') return `is ${state}`;
  if (snapshot.archived) return 'is archived';
  const size = wanted.virtualSizeBytes === undefined ? sizeGiB : sizeGiBOf(wanted.virtualSizeBytes);
  if (size !== sizeGiB) return `has ${sizeGiB} GiB, not ${size}`;
  if (snapshot.origin.kind === 'written' && !isFinished(snapshot))
    return 'was not completed by a run that has written all of it';
  if (hasFailedProof(tags)) return 'has failed its proof';
  if (lacksHoles(tags) && !wanted.allowHoles) return 'was written with --omit-holes';
  const format = tags[provenanceKeys.diskFormat];
  if (wanted.format && format && format !== wanted.format)
    return `was imported as ${format}, not ${wanted.format}`;
  const digest = readProvenance(tags)?.digest;
  if (digest && digest !== wanted.digest) return `carries the tags of ${digest}`;
  if (task) {
    if (taskState(task) !== 'completed') return `comes from ${task.importTaskId}, which is ${task.status}`;
    const imported = readProvenance(task.tags ?? {})?.digest;
    if (imported && imported !== wanted.digest)
      return `comes from ${task.importTaskId}, which imported ${imported}`;
  }
  // The task may repeat the alias that it was given, the snapshot never does.
  const kmsKeyId = task?.kmsKeyId === wanted.kmsKeyId ? task?.kmsKeyId : snapshot.kmsKeyId;
  return whyNotEncryption({ found: { encrypted: snapshot.encrypted, kmsKeyId }, wanted });
}

export function whyNotEncryption({
  found,
  wanted,
}: {
  found: Pick<SnapshotFacts, 'encrypted' | 'kmsKeyId'>;
  wanted: WantedSnapshot;
}): string | undefined {
  if (wanted.encrypted === true && !found.encrypted) return 'is not encrypted';
  if (wanted.encrypted === false && found.encrypted) return 'is encrypted';
  if (wanted.kmsKeyId && !isSameKey(found.kmsKeyId, wanted.kmsKeyId))
    return `is encrypted with ${found.kmsKeyId ?? 'a key that is not reported'}, not ${wanted.kmsKeyId}`;
  return undefined;
}

/** A key is given by id or ARN, and reported by ARN. An alias can be compared with nothing but itself. */
function isSameKey(reported: string | undefined, wanted: string): boolean {
  return reported === wanted || (reported?.endsWith(`:key/${wanted}`) ?? false);
}
