import { redactUrl } from '@ec2-image/redact';
import { type Digest, parseDigest } from './digest.ts';
import type { DiskFormat } from './object-key.ts';
import { type ProofExtent, proofExtents } from './proof-extent.ts';

/** The tags that prove that ec2-image created a resource. EC2 takes them as they are; S3 metadata takes `-` for `:` (see {@link metadataOf}). */
export const provenanceKeys = {
  sourceUrl: 'ec2-image:source-url',
  sourceDigest: 'ec2-image:source-digest',
  diskFormat: 'ec2-image:disk-format',
  name: 'ec2-image:name',
  startedAt: 'ec2-image:started-at',
  version: 'ec2-image:version',
  /** Only where a keyring was given. */
  signedBy: 'ec2-image:signed-by',
  /** How far it was shown that a snapshot is made of what is in the image: see {@link proofExtents}. */
  proof: 'ec2-image:proof',
  /** What made the bytes that were imported, with its version. */
  converter: 'ec2-image:converter',
  /** By what the image can be booted: what `boot-mode: auto` found in it. */
  bootMode: 'ec2-image:boot-mode',
} as const;

/** On an AMI that was started once to see whether it boots: `passed` or `failed`. */
export const bootTestKey = 'ec2-image:boot-test';

export function bootTestTags({ booted }: { readonly booted: boolean }): Record<string, string> {
  return { [bootTestKey]: booted ? 'passed' : 'failed' };
}

/** The S3 tag, with the value `true`, of an object that `--keep-object` kept: the janitor keeps it too. */
export const keptKey = 'ec2-image:keep-object';

/** On a snapshot that was written without the blocks that its image never wrote. */
export const omittedHolesTag = { 'ec2-image:holes': 'omitted' } as const;

export function lacksHoles(tags: Tags): boolean {
  return Object.entries(omittedHolesTag).every(([key, value]) => tags[key] === value);
}

/** What EBS direct takes as the value of a tag, in characters: one less than EC2. */
const maxTagValue = 255;

export interface Provenance {
  /** As the user gave it; what goes into the tag is redacted. */
  readonly sourceUrl: string;
  readonly digest: Digest;
  readonly diskFormat: DiskFormat;
  readonly version: string;
  /** The image's name in the configuration: with the architecture it makes the stream. */
  readonly name?: string;
  /** The fingerprint of the primary key that signed the checksum file or the image, as verified. */
  readonly signedBy?: string;
  readonly converter?: string;
  /** Of a snapshot and its AMIs alone: an object or a task is proven again by whoever finds it. */
  readonly proof?: ProofExtent;
  readonly bootMode?: string;
  /** Left out where a call carries a ClientToken: what varies between runs would make the token mismatch. */
  readonly startedAt?: Date;
}

export type Tags = Readonly<Record<string, string>>;

export function provenanceTags({
  sourceUrl,
  digest,
  diskFormat,
  version,
  name,
  signedBy,
  converter,
  proof,
  bootMode,
  startedAt,
}: Provenance): Record<string, string> {
  return {
    [provenanceKeys.sourceUrl]: wholeCharacters(redactUrl(sourceUrl).slice(0, maxTagValue)),
    [provenanceKeys.sourceDigest]: digest,
    [provenanceKeys.diskFormat]: diskFormat,
    ...(name !== undefined && { [provenanceKeys.name]: name }),
    [provenanceKeys.version]: version,
    ...(signedBy !== undefined && { [provenanceKeys.signedBy]: signedBy }),
    ...(converter !== undefined && { [provenanceKeys.converter]: converter }),
    ...(proof !== undefined && { [provenanceKeys.proof]: proof }),
    ...(bootMode !== undefined && { [provenanceKeys.bootMode]: bootMode }),
    ...(startedAt && { [provenanceKeys.startedAt]: formatStartedAt(startedAt) }),
  };
}

/** Without the half of a surrogate pair that a cut left at the end. */
function wholeCharacters(cut: string): string {
  return cut.replace(/[\ud800-\udbff]$/, '').toWellFormed();
}

/** What EC2 and EBS direct take. */
const maxDescription = 255;

/** A description, cut to the 255 characters that every service takes, and never in the middle of one. */
export function cutDescription(text: string): string {
  return wholeCharacters(text.slice(0, maxDescription));
}

/** UTC, to the second: `2026-11-22T10:00:00Z`. */
export function formatStartedAt(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** The tags a finished AMI carries beside its provenance; `automation` is false unless the user says otherwise. */
export function amiTags({
  amiName,
  extra,
}: {
  readonly amiName: string;
  readonly extra?: Tags;
}): Record<string, string> {
  return { automation: 'false', ...extra, Name: amiName };
}

/** What the tags of a resource say of its origin; undefined where they do not prove that ec2-image created it. */
export function readProvenance(
  tags: Tags,
):
  | { digest: Digest; diskFormat?: string; sourceUrl?: string; startedAt?: Date; version?: string }
  | undefined {
  const digest = parseDigest(tags[provenanceKeys.sourceDigest] ?? '');
  if (!digest || !tags[provenanceKeys.version]) return undefined;
  const startedAt = new Date(tags[provenanceKeys.startedAt] ?? Number.NaN);
  return {
    digest,
    diskFormat: tags[provenanceKeys.diskFormat],
    sourceUrl: tags[provenanceKeys.sourceUrl],
    startedAt: Number.isNaN(startedAt.getTime()) ? undefined : startedAt,
    version: tags[provenanceKeys.version],
  };
}

/** What a resource's tags say of its proof; undefined where they say nothing, or nothing that is known here. */
export function readProof(tags: Tags): ProofExtent | undefined {
  return proofExtents.find((extent) => extent === tags[provenanceKeys.proof]);
}

/** On a snapshot that was compared with its image, is another disk, and could not be deleted: nobody takes it any more. */
export const failedProofTags = { [provenanceKeys.proof]: 'failed' } as const;

export function hasFailedProof(tags: Tags): boolean {
  return Object.entries(failedProofTags).every(([key, value]) => tags[key] === value);
}

export function isOurs(tags: Tags): boolean {
  return readProvenance(tags) !== undefined;
}

/** Tags as S3 object metadata: a colon is not allowed in a header name, and header values are ASCII. */
export function metadataOf(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [
      key.replaceAll(':', '-'),
      // By code points: half of a surrogate pair cannot be encoded.
      value.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent),
    ]),
  );
}

/** The provenance tags that a HeadObject's metadata holds. */
export function tagsOfMetadata(metadata: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.values(provenanceKeys).flatMap((key) => {
      const value = metadata[key.replaceAll(':', '-')];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** EC2's list form. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function tagRecord(
  list: readonly { Key?: string; Value?: string }[] | undefined,
): Record<string, string> {
  return Object.fromEntries(
    (list ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])),
  );
}
