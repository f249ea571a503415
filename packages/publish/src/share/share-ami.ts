import { ModifyImageAttributeCommand, ModifySnapshotAttributeCommand } from '@aws-sdk/client-ec2';
import { policies, retry } from '@ec2-image/aws-call';
import { type Audience, launchPermission } from '../audience.ts';
import { createEc2, type Ec2, type Ec2Options, isNotSeenYet } from '../ec2.ts';
import { type Change, comparePublished, isRevoking } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';

type Sharing = Extract<Change, { readonly step: 'share' }>;

export interface ShareAmiOptions extends Ec2Options {
  readonly found: PublishedAmi;
  readonly audience: Audience;
  /** Whether whoever the audience does not name loses the AMI. Default false. */
  readonly revoke?: boolean;
}

/**
 * Makes the permissions on an AMI and its snapshots what the audience says: revokes on the AMI first, grants on the snapshots first. To
 * unshare an AMI, give an audience of nobody.
 *
 * @returns what was changed; nothing where the permissions are so already
 */
export async function shareAmi({
  found,
  audience,
  revoke = false,
  ...options
}: ShareAmiOptions): Promise<Change[]> {
  const ec2 = createEc2(options);
  const { region, ownerId: account } = found;
  const changes = comparePublished({ audience, parameters: [] }, found, { account, region, now: ec2.now() });
  const allowed = changes.filter((change) => revoke || !isRevoking(change));
  for (const change of allowed) if (change.step === 'share') await changePermission(ec2, change);
  return allowed;
}

/** A permission that is granted or revoked already stays as it is: the call does no harm. */
export async function changePermission(ec2: Ec2, change: Sharing): Promise<void> {
  const permissions = change.grantees.map(launchPermission);
  const list = change.action === 'grant' ? { Add: permissions } : { Remove: permissions };
  const id = change.id!;
  await retry(ec2, {
    policy: policies.updateImage,
    call: async () => {
      if (change.of === 'ami') {
        await ec2.send(new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: list }));
      } else {
        await ec2.send(
          new ModifySnapshotAttributeCommand({
            SnapshotId: id,
            Attribute: 'createVolumePermission',
            CreateVolumePermission: list as { Add?: { UserId?: string; Group?: 'all' }[] },
          }),
        );
      }
    },
    isRetryable: isNotSeenYet,
  });
}
