import { boolean, integer, oneOf, required, string } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import { columnNarrowing, filterList } from '../filters.ts';
import { snapshotInUseBy } from '../image-snapshots.ts';
import { type ImageFacts, imageState } from '../images/image.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import {
  noVolume,
  type Snapshot,
  type SnapshotFacts,
  type SnapshotTiering,
  snapshotState,
  storageTierOf,
} from '../snapshots/snapshot.ts';
import { tagSet } from '../tags/tag-answer.ts';

const dayMs = 24 * 60 * 60 * 1000;
const maxTemporaryDays = 180;

/** https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html */
export const modifySnapshotTier = operation({
  fields: { SnapshotId: required(string), StorageTier: oneOf('archive') },
  run({ SnapshotId: id }, context) {
    const { store, resources, settings, now } = context;
    const startedAt = now();
    store.transaction(() => {
      const { facts } = resources.get<SnapshotFacts>('snapshot', id);
      const state = snapshotState(facts, startedAt);
      if (state !== 'completed') throw ec2Error('IncorrectState', `Snapshot is in invalid state - ${state}`);
      if (
        storageTierOf(facts, startedAt) === 'archive' ||
        statusOf(facts, startedAt).endsWith('in-progress')
      ) {
        throw ec2Error('IncorrectState', `The snapshot ${id} is archived, or being archived or restored.`);
      }
      checkNotRegistered(id, context);
      const tiering = {
        operation: 'archival',
        startedAt,
        endsAt: startedAt + settings.snapshotCompletionMs,
      } as const;
      resources.setFacts<SnapshotFacts>(id, { ...facts, storageTier: 'standard', tiering });
    });
    return { snapshotId: id, tieringStartTime: new Date(startedAt) };
  },
});

/** Only a disabled AMI's snapshots can be archived. */
function checkNotRegistered(id: string, { store, resources, now }: Ec2Context): void {
  const imageId = snapshotInUseBy(store, id, { now: now() });
  const image = imageId === undefined ? undefined : resources.find<ImageFacts>('image', imageId);
  if (image && imageState(image.facts, now()) !== 'disabled') {
    throw ec2Error('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${imageId}`);
  }
}

export const restoreSnapshotTier = operation({
  fields: { SnapshotId: required(string), TemporaryRestoreDays: integer, PermanentRestore: boolean },
  run({ SnapshotId: id, TemporaryRestoreDays: days, PermanentRestore: permanent = false }, context) {
    const { store, resources, settings, now } = context;
    if ((days === undefined) === !permanent) {
      throw invalidParameterCombination('Specify either TemporaryRestoreDays or PermanentRestore.');
    }
    if (days !== undefined && (days < 1 || days > maxTemporaryDays)) {
      throw invalidParameterValue(`TemporaryRestoreDays must be between 1 and ${maxTemporaryDays}.`);
    }
    const startedAt = now();
    store.transaction(() => {
      const { facts } = resources.get<SnapshotFacts>('snapshot', id);
      if (storageTierOf(facts, startedAt) !== 'archive') {
        throw ec2Error('IncorrectState', `The snapshot ${id} is not archived.`);
      }
      const endsAt = startedAt + settings.snapshotCompletionMs;
      const tiering: SnapshotTiering = permanent
        ? { operation: 'permanent-restore', startedAt, endsAt }
        : { operation: 'temporary-restore', startedAt, endsAt, restoreExpiresAt: endsAt + days! * dayMs };
      resources.setFacts<SnapshotFacts>(id, { ...facts, storageTier: 'archive', tiering });
    });
    return {
      snapshotId: id,
      restoreStartTime: new Date(startedAt),
      restoreDuration: days,
      isPermanentRestore: permanent,
    };
  },
});

function statusOf({ tiering }: SnapshotFacts, now: number): string {
  if (!tiering) return '';
  return `${tiering.operation}-${tiering.endsAt > now ? 'in-progress' : 'completed'}`;
}

export const describeSnapshotTierStatus = operation({
  fields: { Filter: filterList, ...pageFields },
  run(input, { resources, conditions, now }) {
    const at = now();
    const { items, nextToken } = listResources<SnapshotFacts>({
      resources,
      conditions,
      type: 'snapshot',
      ids: [],
      filters: input.Filter,
      fields: {
        'snapshot-id': ({ id }) => id,
        'volume-id': ({ facts }) => facts.volumeId ?? noVolume,
        'last-tiering-operation': ({ facts }) => statusOf(facts, at) || undefined,
      },
      narrowingFields: { 'snapshot-id': columnNarrowing('id') },
      request: input,
      limits: { min: 5, max: 1000 },
    });
    return {
      snapshotTierStatusSet: { item: rendered(items, (snapshot) => describedTier(snapshot, at)) },
      nextToken,
    };
  },
});

function describedTier({ id, facts, tags }: Snapshot, now: number): XmlElements {
  const { tiering } = facts;
  const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at));
  const archived = tiering?.operation === 'archival' && tiering.endsAt <= now ? tiering.endsAt : undefined;
  return {
    snapshotId: id,
    volumeId: facts.volumeId ?? noVolume,
    status: snapshotState(facts, now),
    ownerId: facts.ownerId,
    tagSet: tagSet(tags),
    storageTier: storageTierOf(facts, now),
    lastTieringStartTime: time(tiering?.startedAt),
    lastTieringProgress: tiering && (tiering.endsAt > now ? 0 : 100),
    lastTieringOperationStatus: statusOf(facts, now) || undefined,
    archivalCompleteTime: time(archived),
    restoreExpiryTime: time(tiering?.restoreExpiresAt),
  };
}
