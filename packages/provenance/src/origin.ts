import { bootTestToken } from './client-token.ts';
import { type Digest, parseDigest } from './digest.ts';
import { isOurs, provenanceKeys, readProvenance, type Tags } from './tags.ts';

/*
 * Tags travel: CopySnapshot, CopyImage, AWS Backup and lifecycle policies put them on what others made. So they show
 * that a snapshot or an AMI is ours only together with the origin of one that ec2-image makes.
 */

/** Where a snapshot comes from, as its description and its volume tell. */
export type SnapshotOrigin =
  /** An import task made it. Anybody's may have: its tags say whose. */
  | { readonly kind: 'import'; readonly taskId: string }
  /** `import --via ebs` wrote it, from the image of this digest. */
  | { readonly kind: 'written'; readonly digest: Digest }
  /** `import --own-snapshot` copied it in its region. `isImported`: an import task made what was copied. */
  | { readonly kind: 'copied'; readonly digest: Digest; readonly from: string; readonly isImported: boolean }
  /** A predicate: "is a copy of snap-…". `copiedFor`: the AMI that CopyImage made it for. */
  | { readonly kind: 'foreign'; readonly reason: string; readonly copiedFor?: string };

/** AWS's own words around the id of the task. The whole description: a copy's has others before them. */
const importDescription = /^Created by AWS-VMImport service for (import-snap-[0-9a-z]+)$/;

/** CopySnapshot without a description of its own puts this before the one that it copies, CopyImage likewise. */
const copyDescription = /^\[Copied ((?:snap|ami)-[0-9a-z]+)/;

/** What CopyImage says of the snapshots that it makes. */
const copiedForAmi =
  /^Copied for DestinationAmi (ami-[0-9a-z]+) from SourceAmi \S+ for SourceSnapshot (snap-[0-9a-z]+)/;

/** EC2 gives a snapshot that was made from no volume this one: those of imports, of EBS direct, and copies. */
const noVolume = 'vol-ffffffff';

const writtenHead = 'ec2-image ';

/** The description of a snapshot that `import --via ebs` writes: at most 145 characters, where EBS takes 255. */
export function writtenDescription(digest: Digest): string {
  return `${writtenHead}${digest}`;
}

const copyWords = /^(\S+), copied from (snap-[0-9a-z]+)( of an import)?$/;

/** The description of a snapshot that `import --own-snapshot` copies: at most 195 characters. */
export function copiedDescription(
  digest: Digest,
  { snapshotId, origin }: { readonly snapshotId: string; readonly origin: SnapshotOrigin },
): string {
  const isImported = origin.kind === 'import' || (origin.kind === 'copied' && origin.isImported);
  return `${writtenDescription(digest)}, copied from ${snapshotId}${isImported ? ' of an import' : ''}`;
}

/** @param snapshot as DescribeSnapshots gives it */
export function snapshotOrigin({
  Description: description = '',
  VolumeId: volumeId = noVolume,
}: {
  readonly Description?: string;
  readonly VolumeId?: string;
}): SnapshotOrigin {
  const copied = copyDescription.exec(description);
  if (copied) return { kind: 'foreign', reason: `is a copy of ${copied[1]}` };
  if (volumeId !== '' && volumeId !== noVolume)
    return { kind: 'foreign', reason: `was made from the volume ${volumeId}` };
  const forAmi = copiedForAmi.exec(description);
  if (forAmi) return { kind: 'foreign', reason: `is a copy of ${forAmi[2]}`, copiedFor: forAmi[1] };
  const taskId = importDescription.exec(description)?.[1];
  if (taskId !== undefined) return { kind: 'import', taskId };
  return (
    ownOrigin(description) ?? {
      kind: 'foreign',
      reason: 'has neither the description of an import nor that of a snapshot that ec2-image wrote',
    }
  );
}

function ownOrigin(description: string): SnapshotOrigin | undefined {
  if (!description.startsWith(writtenHead)) return undefined;
  const rest = description.slice(writtenHead.length);
  const [, copied, from, imported] = copyWords.exec(rest) ?? [];
  const digest = parseDigest(copied ?? rest);
  if (!digest) return undefined;
  return from === undefined
    ? { kind: 'written', digest }
    : { kind: 'copied', digest, from, isImported: imported !== undefined };
}

/** What of a snapshot says whether it is ours. */
export interface SnapshotMarks {
  readonly snapshotId: string;
  readonly tags: Tags;
  readonly origin: SnapshotOrigin;
}

/**
 * Why a snapshot that carries our tags is not ours, as a predicate; undefined where it is.
 *
 * @param options.taskSnapshotId what the import task that its description names has made, where that is known
 */
export function whyNotOurSnapshot(
  { snapshotId, tags, origin }: SnapshotMarks,
  { taskSnapshotId }: { readonly taskSnapshotId?: string } = {},
): string | undefined {
  const digest = readProvenance(tags)?.digest;
  if (digest === undefined) return 'has no tags of ec2-image';
  switch (origin.kind) {
    case 'foreign':
      return origin.reason;
    case 'written':
    case 'copied':
      return origin.digest === digest ? undefined : `was written from the image ${origin.digest}`;
    case 'import':
      // CopySnapshot lets its caller choose the description.
      return taskSnapshotId === undefined || taskSnapshotId === snapshotId
        ? undefined
        : `is a copy: ${origin.taskId}, which its description names, made ${taskSnapshotId}`;
  }
}

/** A copy that ec2-image makes names its source and its own region: `<source AMI> <region>`. */
export const copyOfKey = 'ec2-image:copy-of';

/**
 * Why an AMI was not registered by ec2-image, whatever it carries, as a predicate ("is a copy of ami-…"); undefined
 * where RegisterImage made it, or ec2-image copied it to this region.
 *
 * @param image as DescribeImages of `region` gives it
 */
export function foreignImageOrigin(
  {
    Description: description = '',
    SourceImageId: sourceImageId,
    SourceImageRegion: sourceImageRegion,
    SourceInstanceId: sourceInstanceId,
  }: {
    readonly Description?: string;
    readonly SourceImageId?: string;
    readonly SourceImageRegion?: string;
    readonly SourceInstanceId?: string;
  },
  { region, tags }: { readonly region: string; readonly tags: Tags },
): string | undefined {
  if (sourceInstanceId) return `was made from the instance ${sourceInstanceId}`;
  // An AMI from before EC2 told the source has nothing but this description.
  const source = sourceImageId || copyDescription.exec(description)?.[1];
  const claimed = tags[copyOfKey];
  if (!source && !sourceImageRegion && claimed === undefined) return undefined;
  if (sourceImageId && sourceImageRegion && claimed === `${sourceImageId} ${region}`) return undefined;
  return source
    ? `is a copy of ${source} that ec2-image did not make`
    : `has the tag ${copyOfKey} of a copy and is none`;
}

/** What of an AMI says whether it is ours. */
export interface ImageMarks {
  readonly tags: Tags;
  /** See {@link foreignImageOrigin}. */
  readonly foreignOrigin?: string;
}

/** Why an AMI that carries our tags is not ours, as a predicate; undefined where it is. */
export function whyNotOurImage({ tags, foreignOrigin }: ImageMarks): string | undefined {
  return isOurs(tags) ? foreignOrigin : 'has no tags of ec2-image';
}

/**
 * Whether ec2-image started an instance to test whether its AMI boots. Only the token tells, which is that of AMI and attempt:
 * whoever launches from an AMI may give its tags to the instance.
 */
export function isTestInstance({
  imageId,
  clientToken,
  tags,
}: {
  readonly imageId: string;
  readonly clientToken?: string;
  readonly tags: Tags;
}): boolean {
  const attempt = tags[provenanceKeys.startedAt];
  return attempt !== undefined && clientToken === bootTestToken({ imageId, attempt });
}
