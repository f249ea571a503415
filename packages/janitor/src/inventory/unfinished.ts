import { copyOfKey, isTestInstance, keptKey, provenanceKeys, type Tags } from '@ec2-image/provenance';
import {
  type Facts,
  type ImageFact,
  type InstanceFact,
  type ObjectFact,
  refOf,
  type SnapshotFact,
  type TaskFact,
  taskPhase,
  type UploadFact,
} from '../facts.ts';
import { type Context, contextOf } from '../judge/context.ts';
import type { Suggestion } from '../judge/keep.ts';
import {
  importSuggestion,
  nameInKey,
  readKey,
  suggestForImage,
  suggestForUpload,
  suggestImport,
} from '../judge/suggest-import.ts';
import type { Policy } from '../policy.ts';

/** Something that an import has begun and nobody has finished, and how to. Null is what is not known. */
export interface Unfinished {
  readonly kind: 'task' | 'upload' | 'object' | 'snapshot' | 'ami' | 'copy' | 'instance';
  readonly region: string;
  readonly id: string;
  readonly amiName: string | null;
  /** EC2's word, or `incomplete` of an upload and `complete` of an object. */
  readonly state: string;
  readonly percent: number | null;
  /** Of an object, and of what of an upload has arrived. */
  readonly sizeBytes: number | null;
  /** Since it was begun, or an upload's newest part. */
  readonly ageSeconds: number | null;
  /** Arguments of the ec2-image command that continues it, from any machine. */
  readonly command: Suggestion | null;
}

/** What the configuration says of its images, and commands depend on. */
export interface Configured {
  /** The image that gives an AMI this name, where its digest begins so. Default: none that is known. */
  readonly imageNamed: (amiName: string, shortDigest: string) => string | undefined;
  /** Whether an import of this image tests that it boots. Default: none does. */
  readonly isTested: (name: string) => boolean;
}

/** What of the facts no import has finished: what makes an AMI, from the uploads on, then copies and tests of AMIs. */
export function listUnfinished(
  facts: Facts,
  policy: Policy,
  { imageNamed = () => undefined, isTested = () => false }: Partial<Configured> = {},
): Unfinished[] {
  const context = contextOf(facts, policy);
  const age = (time: number | undefined) =>
    time === undefined ? null : Math.max(0, Math.floor((facts.takenAt - time) / 1000));
  const tools: Tools = { context, age, imageNamed, isTested };
  const tasks = facts.tasks.filter(
    (task) => taskPhase(task) !== 'ended' && context.proofs.task(task) !== undefined,
  );
  const made = new Set(
    tasks.flatMap(({ snapshotId, region }) => (snapshotId ? `${region}/${snapshotId}` : [])),
  );
  return [
    ...facts.uploads.map((upload) => ofUpload(upload, tools)),
    ...facts.objects.filter((object) => isBegun(object, context)).map((object) => ofObject(object, tools)),
    ...tasks.map((task) => ofTask(task, tools)),
    ...facts.snapshots
      .filter((snapshot) => !made.has(refOf(snapshot)) && lacksImage(snapshot, context))
      .map((snapshot) => ofSnapshot(snapshot, tools)),
    ...facts.images.filter((image) => isOpen(image, context)).map((image) => ofImage(image, tools)),
    ...facts.instances.filter(isTestInstance).map((instance) => ofInstance(instance, tools)),
  ];
}

interface Tools extends Configured {
  readonly context: Context;
  readonly age: (time: number | undefined) => number | null;
}

const unknown = { percent: null, sizeBytes: null } as const;

function ofUpload(upload: UploadFact, { context, age, imageNamed }: Tools): Unfinished {
  const { region, key, initiatedAt } = upload;
  const detail = context.facts.details.uploads.get(refOf(upload));
  const parts = detail && 'seen' in detail ? detail.seen : undefined;
  const { amiName, shortDigest } = readKey(key, context.facts)!;
  const name = imageNamed(amiName, shortDigest);
  return {
    ...unknown,
    kind: 'upload',
    region,
    id: refOf(upload),
    amiName,
    state: 'incomplete',
    sizeBytes: parts?.sizeBytes ?? null,
    ageSeconds: age(parts?.newestPartAt ?? initiatedAt),
    command: suggestForUpload({ amiName, region }, { name, policy: context.policy }) ?? null,
  };
}

/** Not kept on purpose, and not read by a task, which is then what is shown. */
function isBegun(object: ObjectFact, { facts, readersOf }: Context): boolean {
  const detail = facts.details.objects.get(refOf(object));
  if (!detail || !('seen' in detail) || detail.seen === undefined) return false;
  return (
    detail.seen.tags[keptKey] === undefined && readersOf(object).every((task) => taskPhase(task) === 'ended')
  );
}

function ofObject(object: ObjectFact, { context, age }: Tools): Unfinished {
  const { region, key, bucket, sizeBytes, modifiedAt } = object;
  const detail = context.facts.details.objects.get(refOf(object));
  const tags = detail && 'seen' in detail ? (detail.seen?.provenance ?? {}) : {};
  const amiName = nameInKey(key, context.facts);
  return {
    ...unknown,
    kind: 'object',
    region,
    id: refOf(object),
    amiName,
    state: 'complete',
    sizeBytes,
    ageSeconds: age(modifiedAt),
    command: suggestImport({ tags, region, amiName, via: 's3', bucket }, context) ?? null,
  };
}

function ofTask(task: TaskFact, { context, age }: Tools): Unfinished {
  const { region, taskId, state, percent, tags, bucket, key } = task;
  const amiName = tags.Name ?? nameInKey(key, context.facts);
  return {
    ...unknown,
    kind: 'task',
    region,
    id: taskId,
    amiName: amiName || null,
    state,
    percent: percent ?? null,
    ageSeconds: age(timeOf(tags)),
    command: suggestImport({ tags, region, amiName, via: 's3', bucket }, context) ?? null,
  };
}

/** One that ec2-image created and no AMI uses; a copy belongs to its AMI. */
function lacksImage(snapshot: SnapshotFact, { proofs, imagesOf }: Context): boolean {
  return (
    snapshot.origin.kind !== 'foreign' &&
    proofs.snapshot(snapshot) !== undefined &&
    imagesOf(snapshot).every(({ state }) => state === 'deregistered')
  );
}

function ofSnapshot(snapshot: SnapshotFact, { context, age }: Tools): Unfinished {
  const { region, snapshotId, state, startedAt, tags } = snapshot;
  return {
    ...unknown,
    kind: 'snapshot',
    region,
    id: snapshotId,
    amiName: tags.Name ?? null,
    state,
    ageSeconds: age(startedAt),
    command: importSuggestion(snapshot, context) ?? null,
  };
}

const usable: readonly string[] = ['available', 'disabled', 'deregistered'];

/** On its way, or failed. */
function isOpen(image: ImageFact, { proofs }: Context): boolean {
  return proofs.image(image) !== undefined && !usable.includes(image.state);
}

function ofImage(image: ImageFact, { context, age }: Tools): Unfinished {
  const { region, imageId, name: amiName, state, createdAt, tags } = image;
  return {
    ...unknown,
    kind: tags[copyOfKey] === undefined ? 'ami' : 'copy',
    region,
    id: imageId,
    amiName,
    state,
    ageSeconds: age(createdAt),
    command: suggestForImage(image, context) ?? null,
  };
}

function ofInstance(instance: InstanceFact, { context, age, isTested }: Tools): Unfinished {
  const { region, instanceId, imageId, state, startedAt, tags } = instance;
  const image = context.facts.images.find((one) => one.imageId === imageId && one.region === region);
  return {
    ...unknown,
    kind: 'instance',
    region,
    id: instanceId,
    amiName: image?.name ?? tags.Name ?? null,
    state,
    ageSeconds: age(startedAt),
    // An import tests as the configuration says; without one, the type of the instance is all that is known.
    command: (image && isTested(image.tags[provenanceKeys.name] ?? '')
      ? suggestForImage(image, context)
      : undefined) ?? ['boot-test', imageId, '--region', region],
  };
}

function timeOf(tags: Tags): number | undefined {
  const time = Date.parse(tags[provenanceKeys.startedAt] ?? '');
  return Number.isNaN(time) ? undefined : time;
}
