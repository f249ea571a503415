import { CreateTagsCommand, type Filter, ModifySnapshotAttributeCommand } from '@aws-sdk/client-ec2';
import { policies, retry, waitUntil } from '@ec2-image/aws-call';
import { retiredKey, tagList } from '@ec2-image/provenance';
import { gaveUpWaiting } from '../errors.ts';
import { readSnapshotPermissions } from '../examine/snapshots.ts';
import type { ImageFact } from '../facts.ts';
import { all } from '../scan/all.ts';
import { scanImages } from '../scan/images.ts';
import { scanSnapshots } from '../scan/snapshots.ts';
import type { RemovalOptions } from './removal.ts';

/** Takes the permissions of other accounts off the snapshots that no other AMI is made of. */
export async function unshareSnapshots(
  { region, imageId, snapshotIds }: ImageFact,
  { senders }: RemovalOptions,
): Promise<void> {
  const ec2 = senders.ec2(region);
  for (const snapshotId of new Set(snapshotIds)) {
    const filters: Filter[] = [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }];
    const images = await all(scanImages({ ec2, region, filters }));
    if (images.some((other) => other.imageId !== imageId)) continue;
    const Remove = await readSnapshotPermissions({ ec2, snapshotId });
    if (Remove.length === 0) continue;
    await retry(ec2, {
      policy: policies.tags,
      call: () =>
        ec2.send(
          new ModifySnapshotAttributeCommand({
            SnapshotId: snapshotId,
            Attribute: 'createVolumePermission',
            CreateVolumePermission: { Remove },
          }),
        ),
    });
  }
}

/** Before the AMI is deregistered: nothing else tells a later run that its snapshots were to go with it. */
export async function markSnapshots(
  { region, imageId, snapshotIds }: ImageFact,
  { senders }: RemovalOptions,
): Promise<void> {
  if (snapshotIds.length === 0) return;
  const ec2 = senders.ec2(region);
  const ids = [...new Set(snapshotIds)];
  const filters: Filter[] = [{ Name: 'snapshot-id', Values: ids }];
  const present = (await all(scanSnapshots({ ec2, region, filters }))).map(({ snapshotId }) => snapshotId);
  if (present.length === 0) return;
  await retry(ec2, {
    policy: policies.tags,
    call: () =>
      ec2.send(new CreateTagsCommand({ Resources: present, Tags: tagList({ [retiredKey]: imageId }) })),
  });
  await waitUntil(ec2, {
    policy: policies.tags,
    async ask() {
      const now = await all(scanSnapshots({ ec2, region, filters }));
      return now.every(({ tags }) => tags[retiredKey] === imageId) || undefined;
    },
    onTimeout: gaveUpWaiting(`the tags of ${present.join(', ')} to appear`),
  });
}
