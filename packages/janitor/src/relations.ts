import { provenanceKeys } from '@ec2-image/provenance';
import { type Facts, type ImageFact, inRegion, type SnapshotFact, type TaskFact } from './facts.ts';
import { type Proofs, proofsOf } from './proof.ts';

/** Who belongs to whom, each looked up in one step. */
export interface Relations {
  readonly proofs: Proofs;
  snapshotOf(region: string, snapshotId: string): SnapshotFact | undefined;
  /** The AMIs that use a snapshot. */
  imagesOf(snapshot: SnapshotFact): readonly ImageFact[];
  /** The import tasks, ended ones too, that read an object. */
  readersOf(object: { readonly bucket: string; readonly key: string }): readonly TaskFact[];
  /** The AMIs of one stream in one region and architecture, this one among them: {@link streamNameOf}. */
  streamOf(image: ImageFact): readonly ImageFact[];
}

export function relationsOf(facts: Facts): Relations {
  const snapshots = new Map(
    facts.snapshots.map((snapshot) => [inRegion(snapshot, snapshot.snapshotId), snapshot]),
  );
  const images = group(facts.images, (image) => image.snapshotIds.map((id) => inRegion(image, id)));
  const readers = group(facts.tasks, ({ bucket, key }) => (bucket && key ? [`${bucket}/${key}`] : []));
  const streams = group(facts.images, (image) => {
    const key = streamKey(image);
    return key === undefined ? [] : [key];
  });
  return {
    proofs: proofsOf({ ...facts, snapshotOf: (region, id) => snapshots.get(inRegion({ region }, id)) }),
    snapshotOf: (region, id) => snapshots.get(inRegion({ region }, id)),
    imagesOf: (snapshot) => images.get(inRegion(snapshot, snapshot.snapshotId)) ?? [],
    readersOf: ({ bucket, key }) => readers.get(`${bucket}/${key}`) ?? [],
    streamOf: (image) => streams.get(streamKey(image) ?? '') ?? [],
  };
}

function streamKey(image: ImageFact): string | undefined {
  const name = streamNameOf(image);
  return name === undefined ? undefined : JSON.stringify([image.region, name, image.architecture]);
}

/** The name that its image has in the configuration; an AMI without that tag is in no stream, whatever it is called. */
export function streamNameOf({ tags }: Pick<ImageFact, 'tags'>): string | undefined {
  return tags[provenanceKeys.name];
}

function group<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const members = groups.get(key);
      if (members) members.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}
