import { bootTestKey, copyOfKey, provenanceKeys, readProof, readProvenance } from '@ec2-image/provenance';
import { type ImageFact, inRegion } from '../facts.ts';
import { streamNameOf } from '../relations.ts';

/** An AMI that ec2-image created, as `list` shows it. Null is what is not known, or is not there. */
export interface ListedAmi {
  /** Its image's name in the configuration; with the architecture it makes the stream. */
  readonly name: string | null;
  readonly amiName: string;
  readonly imageId: string;
  readonly region: string;
  readonly architecture: string | null;
  /** Those of its block devices, the root device's first. */
  readonly snapshotIds: readonly string[];
  /** UTC, ISO 8601, as all times here. */
  readonly createdAt: string | null;
  readonly ageSeconds: number | null;
  /** EC2's word for it, such as `available` or `disabled`. */
  readonly state: string;
  readonly bootTest: string | null;
  readonly proof: string | null;
  /** Fingerprint of the primary key that signed the image or its checksum file. */
  readonly signedBy: string | null;
  readonly source: { readonly url: string | null; readonly digest: string | null };
  /** Account ids, ARNs of organisations and their units, or `all`; null where it could not be read. */
  readonly sharedWith: readonly string[] | null;
  readonly deprecatesAt: string | null;
  readonly deprecated: boolean;
  /** Names of the SSM parameters that name it; null where they could not be read. */
  readonly parameters: readonly string[] | null;
  /** The AMI that it is a copy of. */
  readonly copyOf: string | null;
}

/** What is read of an AMI beside its description, by `region/id`; absent where it could not be read. */
export interface AmiReadings {
  readonly sharing: ReadonlyMap<string, readonly string[]>;
  /** ARNs. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
}

export function listedAmi(
  image: ImageFact,
  { readings, now }: { readonly readings: AmiReadings; readonly now: number },
): ListedAmi {
  const { tags, createdAt, deprecatesAt } = image;
  const ref = inRegion(image, image.imageId);
  const provenance = readProvenance(tags);
  return {
    name: streamNameOf(image) ?? null,
    amiName: image.name,
    imageId: image.imageId,
    region: image.region,
    architecture: image.architecture ?? null,
    snapshotIds: image.snapshotIds,
    createdAt: isoOf(createdAt),
    ageSeconds: createdAt === undefined ? null : Math.max(0, Math.floor((now - createdAt) / 1000)),
    state: image.state,
    bootTest: tags[bootTestKey] ?? null,
    proof: readProof(tags) ?? null,
    signedBy: tags[provenanceKeys.signedBy] ?? null,
    source: { url: provenance?.sourceUrl ?? null, digest: provenance?.digest ?? null },
    sharedWith: readings.sharing.get(ref) ?? null,
    deprecatesAt: isoOf(deprecatesAt),
    deprecated: deprecatesAt !== undefined && deprecatesAt <= now,
    parameters: readings.parameters.get(ref)?.map(parameterName).sort() ?? null,
    copyOf: tags[copyOfKey]?.split(' ')[0] ?? null,
  };
}

/** By name, architecture and region; of one stream the newest first. */
export function inOrder(a: ListedAmi, b: ListedAmi): number {
  return (
    compare(a.name ?? a.amiName, b.name ?? b.amiName) ||
    compare(a.architecture ?? '', b.architecture ?? '') ||
    compare(a.region, b.region) ||
    compare(b.createdAt ?? '', a.createdAt ?? '') ||
    compare(a.imageId, b.imageId)
  );
}

/** `name → architecture → region → id`: of each stream the newest AMI that can be launched. */
export type AmisByName = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

export function byName(amis: readonly ListedAmi[]): AmisByName {
  const newest = amis.filter(({ state }) => state === 'available').sort(inOrder);
  return grouped(
    newest,
    ({ name, amiName }) => name ?? amiName,
    (ofName) =>
      grouped(
        ofName,
        ({ architecture }) => architecture ?? 'unknown',
        (ofArchitecture) =>
          grouped(
            ofArchitecture,
            ({ region }) => region,
            ([first]) => first!.imageId,
          ),
      ),
  );
}

/** An object of own properties, whatever the keys are: tags may hold anything. */
function grouped<T>(
  amis: readonly ListedAmi[],
  keyOf: (ami: ListedAmi) => string,
  valueOfGroup: (members: readonly ListedAmi[]) => T,
): Record<string, T> {
  const groups = Map.groupBy(amis, keyOf);
  return Object.fromEntries([...groups].map(([key, members]) => [key, valueOfGroup(members)]));
}

/** `…:parameter/a/b` is `/a/b`, and `…:parameter/a` is `a`: an ARN has a slash there in any case. */
function parameterName(arn: string): string {
  const path = /:parameter(\/.+)$/.exec(arn)?.[1];
  if (path === undefined) return arn;
  return path.includes('/', 1) ? path : path.slice(1);
}

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
