import type { Store } from '../store/store.ts';
import type { Resource, Resources } from './resources.ts';

/** Which AMIs are made of which snapshots. */
export const imageSnapshotTables: readonly string[] = [
  `CREATE TABLE ec2_image_snapshot (
     snapshot_id TEXT NOT NULL, image_id TEXT NOT NULL REFERENCES ec2_resource (id) ON DELETE CASCADE,
     PRIMARY KEY (snapshot_id, image_id)
   ) WITHOUT ROWID;
   CREATE INDEX ec2_image_snapshot_by_image ON ec2_image_snapshot (image_id)`,
];

export function linkSnapshots(store: Store, imageId: string, snapshotIds: readonly string[]): void {
  for (const snapshotId of snapshotIds) {
    store.run('INSERT OR IGNORE INTO ec2_image_snapshot (snapshot_id, image_id) VALUES (?, ?)', [
      snapshotId,
      imageId,
    ]);
  }
}

/** An AMI, other than `except`, that has the snapshot: as long as describe calls see it, even if it is deregistered. */
export function snapshotInUseBy(
  store: Store,
  snapshotId: string,
  { now, except = '' }: { readonly now: number; readonly except?: string },
): string | undefined {
  return store.get<{ id: string }>(
    `SELECT r.id FROM ec2_image_snapshot s JOIN ec2_resource r ON r.id = s.image_id
      WHERE s.snapshot_id = ? AND r.seen_until > ? AND r.id <> ? LIMIT 1`,
    [snapshotId, now, except],
  )?.id;
}

/** What is read of an AMI here. */
interface UsingImage {
  readonly blockDevices: readonly { readonly ebs?: { readonly snapshotId?: string } }[];
}

/** An AMI that was deregistered, and still shows to reads that lag: its snapshots stay in use as long. */
export function lingeringUser(
  id: string,
  resources: Resources,
  except: string | undefined,
): string | undefined {
  const isUser = ({ id: imageId, facts }: Resource<UsingImage>) =>
    imageId !== except && facts.blockDevices.some(({ ebs }) => ebs?.snapshotId === id);
  const user = resources.goneButSeen<UsingImage>('image').find(isUser);
  if (user) resources.statesSeen('image', ({ id: imageId }) => imageId === user.id);
  return user?.id;
}
