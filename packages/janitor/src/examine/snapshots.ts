import {
  type CreateVolumePermission,
  DescribeFastSnapshotRestoresCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotTierStatusCommand,
} from '@aws-sdk/client-ec2';
import { pages, refusedCodeOf } from '@ec2-image/aws-call';
import type { SnapshotDetail } from '../facts.ts';
import { all } from '../scan/all.ts';
import type { Ec2 } from '../senders.ts';

interface SnapshotToRead {
  readonly ec2: Ec2;
  readonly snapshotId: string;
}

/** Who may use a snapshot, and what holds it. Undefined: it is gone. */
export async function readSnapshot(
  snapshot: SnapshotToRead,
): Promise<Omit<NonNullable<SnapshotDetail>, 'references'> | undefined> {
  try {
    const [sharedWith, lock, fastRestores, tiering] = await Promise.all([
      readPermissions(snapshot),
      readLock(snapshot),
      readFastRestores(snapshot),
      readTiering(snapshot),
    ]);
    return { sharedWith, lock, fastRestores, tiering };
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidSnapshot.NotFound') return undefined;
    throw error;
  }
}

async function readPermissions(snapshot: SnapshotToRead): Promise<string[]> {
  const permissions = await readSnapshotPermissions(snapshot);
  return permissions.flatMap(({ Group, UserId }) => Group ?? UserId ?? []);
}

export async function readSnapshotPermissions({
  ec2,
  snapshotId,
}: SnapshotToRead): Promise<CreateVolumePermission[]> {
  const { CreateVolumePermissions = [] } = await ec2.send(
    new DescribeSnapshotAttributeCommand({ SnapshotId: snapshotId, Attribute: 'createVolumePermission' }),
  );
  return CreateVolumePermissions;
}

async function readLock({ ec2, snapshotId }: SnapshotToRead): Promise<string | undefined> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeLockedSnapshotsCommand({ SnapshotIds: [snapshotId], NextToken: token }),
    );
    return { items: page.Snapshots, nextToken: page.NextToken };
  });
  const locks = (await all(list)).flat().filter(({ SnapshotId }) => SnapshotId === snapshotId);
  return locks.map(({ LockState }) => LockState).find((state) => state !== 'expired');
}

/** States in which nobody wants it any more. */
const notRestoring = new Set<string | undefined>(['disabling', 'disabled']);

async function readFastRestores({ ec2, snapshotId }: SnapshotToRead): Promise<string[]> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeFastSnapshotRestoresCommand({ Filters: [filterOf(snapshotId)], NextToken: token }),
    );
    return { items: page.FastSnapshotRestores, nextToken: page.NextToken };
  });
  return (await all(list))
    .flat()
    .filter(({ SnapshotId, State }) => SnapshotId === snapshotId && !notRestoring.has(State))
    .map(({ AvailabilityZone = 'an availability zone' }) => AvailabilityZone);
}

async function readTiering({ ec2, snapshotId }: SnapshotToRead): Promise<string | undefined> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeSnapshotTierStatusCommand({ Filters: [filterOf(snapshotId)], NextToken: token }),
    );
    return { items: page.SnapshotTierStatuses, nextToken: page.NextToken };
  });
  return (await all(list)).flat().find(({ SnapshotId }) => SnapshotId === snapshotId)
    ?.LastTieringOperationStatus;
}

function filterOf(snapshotId: string) {
  return { Name: 'snapshot-id', Values: [snapshotId] };
}
