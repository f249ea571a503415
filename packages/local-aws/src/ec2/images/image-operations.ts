import { boolean, list, required, string } from '../../query/shape.ts';
import { ec2Error } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { isRecycled, recycle, retentionMs } from '../recycle-bin.ts';
import { checkIds } from '../resource-type.ts';
import { removeSnapshot } from '../snapshots/snapshot-operations.ts';
import { checkUsers } from '../users.ts';
import {
  describedImage,
  type Image,
  type ImageFacts,
  imageFilters,
  imageNarrowing,
  protectionOf,
} from './image.ts';

export const describeImages = operation({
  fields: {
    ExecutableBy: list(string),
    Filter: filterList,
    ImageId: list(string),
    IncludeDeprecated: boolean,
    IncludeDisabled: boolean,
    Owner: list(string),
    ...pageFields,
  },
  run(input, { resources, accountId, conditions, now }) {
    const at = now();
    checkUsers(input.Owner, ['self', 'amazon', 'aws-marketplace', 'aws-backup-vault']);
    checkUsers(input.ExecutableBy, ['self', 'all']);
    const { items, nextToken } = listResources<ImageFacts>({
      resources,
      type: 'image',
      ids: input.ImageId,
      filters: input.Filter,
      fields: imageFilters(at),
      narrowingFields: imageNarrowing,
      isWanted: (image) =>
        isOwnedBy(image, input.Owner, accountId) &&
        isExecutableBy(image, input.ExecutableBy, accountId) &&
        // Deprecated ones their owner always sees, whatever IncludeDeprecated says.
        (image.facts.outcome !== 'disabled' || input.IncludeDisabled === true),
      request: input,
      limits: { min: 1, max: 1000 },
      conditions,
    });
    return { imagesSet: { item: rendered(items, (image) => describedImage(image, at)) }, nextToken };
  },
});

function isOwnedBy({ facts }: Image, owners: readonly string[], accountId: string): boolean {
  return (
    owners.length === 0 ||
    owners.includes(facts.ownerId) ||
    (owners.includes('self') && facts.ownerId === accountId)
  );
}

function isExecutableBy({ facts }: Image, users: readonly string[], accountId: string): boolean {
  if (users.length === 0) return true;
  const wanted = users.map((user) => (user === 'self' ? accountId : user));
  return (facts.launchPermissions ?? []).some(
    ({ group, userId }) => wanted.includes(group ?? '') || wanted.includes(userId ?? ''),
  );
}

export const deregisterImage = operation({
  fields: { ImageId: required(string), DeleteAssociatedSnapshots: boolean },
  async run({ ImageId: id, DeleteAssociatedSnapshots: deleteSnapshots = false }, context) {
    const { store, resources, now, snapshotFiles, accountId, region } = context;
    checkIds('image', [id]);
    const results = store.transaction(() => {
      if (resources.wasRemoved('image', id)) {
        throw ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`);
      }
      const { facts, tags } = resources.get<ImageFacts>('image', id);
      if (protectionOf(facts, now()) !== 'disabled') {
        throw ec2Error(
          'OperationNotPermitted',
          `Deregistration protection is enabled for the AMI ${id}. Disable it, then try again.`,
        );
      }
      const forMs = retentionMs(store, { accountId, region }, { type: 'image', tags });
      resources.remove(id);
      if (forMs !== undefined) recycle(store, id, { from: now(), forMs });
      return deleteSnapshots ? deleteSnapshotsOf(id, facts, context) : undefined;
    });
    for (const { snapshotId, returnCode } of results ?? []) {
      if (returnCode === 'success' && !isRecycled(store, snapshotId, now())) {
        await snapshotFiles.remove(snapshotId);
      }
    }
    return { return: true, deleteSnapshotResultSet: results && { item: results } };
  },
});

function deleteSnapshotsOf(imageId: string, { blockDevices }: ImageFacts, context: Ec2Context) {
  const ids = new Set(blockDevices.flatMap(({ ebs }) => ebs?.snapshotId ?? []));
  return [...ids].map((snapshotId) => ({
    snapshotId,
    returnCode: returnCodeOf(snapshotId, imageId, context),
  }));
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshotReturnCode.html */
function returnCodeOf(snapshotId: string, imageId: string, context: Ec2Context) {
  if (!context.resources.find('snapshot', snapshotId)) return 'client-error';
  return removeSnapshot(snapshotId, context, imageId) ? 'skipped' : 'success';
}
