import { list, required, string } from '../../query/shape.ts';
import type { ServiceError } from '../../service.ts';
import { ec2Error } from '../errors.ts';
import { columnNarrowing, filterList } from '../filters.ts';
import { lingeringUser, snapshotInUseBy } from '../image-snapshots.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { isRecycled, recycle, retentionMs } from '../recycle-bin.ts';
import { checkUsers } from '../users.ts';
import { describedSnapshot, type Snapshot, type SnapshotFacts, snapshotFilters } from './snapshot.ts';

export const describeSnapshots = operation({
  fields: {
    Filter: filterList,
    Owner: list(string),
    RestorableBy: list(string),
    SnapshotId: list(string),
    ...pageFields,
  },
  run(input, { resources, accountId, conditions, now }) {
    const at = now();
    checkUsers(input.Owner, ['self', 'amazon', 'aws-backup-vault']);
    checkUsers(input.RestorableBy, ['self', 'all']);
    const { items, nextToken } = listResources<SnapshotFacts>({
      resources,
      type: 'snapshot',
      ids: input.SnapshotId,
      filters: input.Filter,
      fields: snapshotFilters(at),
      narrowingFields: { 'snapshot-id': columnNarrowing('id') },
      isWanted: (snapshot) =>
        isOwnedBy(snapshot, input.Owner, accountId) &&
        isRestorableBy(snapshot, input.RestorableBy, accountId),
      request: input,
      limits: { min: 5, max: 1000 },
      conditions,
    });
    return {
      snapshotSet: { item: rendered(items, (snapshot) => describedSnapshot(snapshot, at)) },
      nextToken,
    };
  },
});

function isOwnedBy({ facts }: Snapshot, owners: readonly string[], accountId: string): boolean {
  return (
    owners.length === 0 ||
    owners.includes(facts.ownerId) ||
    (owners.includes('self') && facts.ownerId === accountId)
  );
}

function isRestorableBy({ facts }: Snapshot, users: readonly string[], accountId: string): boolean {
  if (users.length === 0) return true;
  if (facts.ownerId === accountId && (users.includes('self') || users.includes(accountId))) return true;
  return (facts.createVolumePermissions ?? []).some((user) => users.includes(user));
}

export const deleteSnapshot = operation({
  fields: { SnapshotId: required(string) },
  async run({ SnapshotId: id }, context) {
    const refusal = context.store.transaction(() => removeSnapshot(id, context));
    if (refusal) throw refusal;
    if (!isRecycled(context.store, id, context.now())) await context.snapshotFiles.remove(id);
    return { return: true };
  },
});

/**
 * Within a transaction; the file is the caller's to remove afterwards. Returns why the snapshot has to stay.
 *
 * @param exceptImage an AMI that is just being deregistered
 * @throws ServiceError for an id that names no snapshot
 */
export function removeSnapshot(
  id: string,
  { resources, store, now, accountId, region }: Ec2Context,
  exceptImage?: string,
): ServiceError | undefined {
  const { facts, tags } = resources.get<SnapshotFacts>('snapshot', id);
  const imageId =
    snapshotInUseBy(store, id, { now: now(), except: exceptImage }) ??
    lingeringUser(id, resources, exceptImage);
  if (imageId) {
    return ec2Error('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${imageId}`);
  }
  if (facts.lock && facts.lock.expiresAt > now()) {
    return ec2Error('SnapshotLocked', `The snapshot '${id}' is locked and can't be deleted.`);
  }
  const forMs = retentionMs(store, { accountId, region }, { type: 'snapshot', tags });
  resources.remove(id);
  if (forMs !== undefined) recycle(store, id, { from: now(), forMs });
  return undefined;
}
