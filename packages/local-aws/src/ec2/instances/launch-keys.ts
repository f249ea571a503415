import { launchKeyActions, whyKeyDenied } from '../../kms/key-use.ts';
import { findKey, whyUnusable } from '../../kms/keys.ts';
import type { ImageFacts } from '../images/image.ts';
import type { Ec2Context } from '../operation.ts';
import type { SnapshotFacts } from '../snapshots/snapshot.ts';

/**
 * Whether the caller may use the keys of the volumes: EC2 finds that out after it has answered, and ends the instance.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
 */
export function mayUseLaunchKeys(
  { blockDevices }: Pick<ImageFacts, 'blockDevices'>,
  { store, accountId, region, resources, permissions }: Ec2Context,
): boolean {
  return blockDevices.every(({ ebs }) => {
    const snapshot =
      ebs?.snapshotId === undefined ? undefined : resources.find<SnapshotFacts>('snapshot', ebs.snapshotId);
    const { encrypted, kmsKeyId } = snapshot?.facts ?? {};
    // A seeded snapshot may have none.
    if (!encrypted || kmsKeyId === undefined) return true;
    const key = findKey(store, { accountId, region }, kmsKeyId);
    return (
      key !== undefined &&
      whyUnusable(key) === undefined &&
      whyKeyDenied({ key, actions: launchKeyActions, via: 'ec2' }, permissions) === undefined
    );
  });
}
