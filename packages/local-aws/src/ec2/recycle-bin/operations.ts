import { list, required, string } from '../../query/shape.ts';
import { ec2Error } from '../errors.ts';
import type { ImageFacts } from '../images/image.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { leaveBin, listRecycled, type RecyclableType, type Recycled } from '../recycle-bin.ts';
import { checkIds, notFound } from '../resource-type.ts';
import { describedSnapshot, noVolume, type SnapshotFacts } from '../snapshots/snapshot.ts';

export const listSnapshotsInRecycleBin = operation({
  fields: { SnapshotId: list(string), ...pageFields },
  run(input, context) {
    const { items, nextToken } = recycledPage('snapshot', input.SnapshotId, input, context);
    return {
      snapshotSet: {
        item: items.map(({ id, facts, ...times }) => {
          const { description, volumeId = noVolume } = JSON.parse(facts) as SnapshotFacts;
          return { snapshotId: id, ...timesOf(times), description, volumeId };
        }),
      },
      nextToken,
    };
  },
});

export const listImagesInRecycleBin = operation({
  fields: { ImageId: list(string), ...pageFields },
  run(input, context) {
    const { items, nextToken } = recycledPage('image', input.ImageId, input, context);
    return {
      imageSet: {
        item: items.map(({ id, facts, ...times }) => {
          const { name, description } = JSON.parse(facts) as ImageFacts;
          return { imageId: id, name, description, ...timesOf(times) };
        }),
      },
      nextToken,
    };
  },
});

function timesOf({ enteredAt, exitsAt }: Pick<Recycled, 'enteredAt' | 'exitsAt'>) {
  return { recycleBinEnterTime: new Date(enteredAt), recycleBinExitTime: new Date(exitsAt) };
}

function recycledPage(
  type: RecyclableType,
  ids: readonly string[],
  request: { readonly MaxResults?: number; readonly NextToken?: string },
  { store, accountId, region, conditions, now }: Ec2Context,
): { readonly items: readonly Recycled[]; readonly nextToken?: string } {
  checkIds(type, ids);
  const all = listRecycled(store, type, { accountId, region, now: now() });
  const missing = ids.filter((id) => !all.some((recycled) => recycled.id === id));
  if (missing.length > 0) throw notFound(type, missing);
  const start = pageStart(request);
  const wanted = all.filter(({ id }) => id > start && (ids.length === 0 || ids.includes(id)));
  const { items, nextToken } = pageOf(wanted, {
    request,
    limits: { min: type === 'snapshot' ? 5 : 1, max: 1000 },
    conditions,
    keyOf: ({ id }) => id,
  });
  return { items: [...items], nextToken };
}

export const restoreSnapshotFromRecycleBin = operation({
  fields: { SnapshotId: required(string) },
  run({ SnapshotId: id }, context) {
    context.store.transaction(() => restore('snapshot', id, context));
    const snapshot = context.resources.get<SnapshotFacts>('snapshot', id);
    const {
      tagSet: _,
      storageTier,
      fullSnapshotSizeInBytes,
      completionTime,
      kmsKeyId,
      transferType,
      ...shown
    } = describedSnapshot(snapshot, context.now());
    return shown;
  },
});

export const restoreImageFromRecycleBin = operation({
  fields: { ImageId: required(string) },
  run({ ImageId: id }, context) {
    context.store.transaction(() => {
      const { name } = restorable('image', id, context);
      const namesake = context.resources.findByName('image', name!);
      if (namesake) {
        throw ec2Error(
          'InvalidAMIName.Duplicate',
          `AMI name ${name} is already in use by AMI ${namesake.id}`,
        );
      }
      restore('image', id, context);
    });
    return { return: true };
  },
});

function restore(type: RecyclableType, id: string, context: Ec2Context): void {
  restorable(type, id, context);
  context.resources.undelete(id);
  leaveBin(context.store, id);
}

function restorable(type: RecyclableType, id: string, { store, accountId, region, now }: Ec2Context) {
  checkIds(type, [id]);
  const found = listRecycled(store, type, { accountId, region, now: now() }).find((one) => one.id === id);
  if (!found) throw notFound(type, [id]);
  return { name: (JSON.parse(found.facts) as { name?: string }).name };
}
