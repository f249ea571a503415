import { DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { policies, refusedCodeOf, retry } from '@ec2-image/aws-call';
import { whyNotOurSnapshot } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { listImages } from '../ec2/list-images.ts';
import { Ec2ImportError } from '../errors.ts';
import { deleteSnapshot } from '../snapshot/delete-snapshot.ts';
import { describeSnapshot } from '../snapshot/describe.ts';
import type { AmiFacts } from './ami.ts';
import { isUnknownImage } from './find-image.ts';

/** @throws Ec2ImportError `AMI_PROTECTED` where the AMI cannot be deregistered */
export function requireUnprotected(ami: AmiFacts): void {
  if (ami.protected) throw protectedError(ami);
}

/** Deregisters an AMI created by ec2-image; one that no longer exists is a success. Its snapshots stay. */
export async function deregisterImage(ec2: Ec2, ami: AmiFacts): Promise<void> {
  requireUnprotected(ami);
  const { imageId } = ami;
  try {
    await retry(ec2, {
      policy: policies.remove,
      call: () => ec2.send(new DeregisterImageCommand({ ImageId: imageId })),
    });
  } catch (error) {
    if (isUnknownImage(error)) return;
    throw refusedCodeOf(error) === 'OperationNotPermitted' ? protectedError(ami, error) : error;
  }
}

/**
 * Deletes the snapshots of deregistered AMIs that are ours by their tags and that no other AMI of the account uses.
 * The new AMI exists by then, so a snapshot that cannot be deleted is reported and kept.
 *
 * @returns the ids that were left
 */
export async function deleteReplacedSnapshots(
  options: Ec2Options,
  { amis, keep }: { readonly amis: readonly AmiFacts[]; readonly keep: readonly string[] },
): Promise<string[]> {
  const ec2 = createEc2(options);
  const gone = new Set(amis.map(({ imageId }) => imageId));
  const left: string[] = [];
  for (const snapshotId of new Set(amis.flatMap(({ snapshotIds }) => snapshotIds))) {
    if (keep.includes(snapshotId)) continue;
    try {
      const reason = await whyKept(ec2, { snapshotId, gone });
      if (!reason) {
        await deleteSnapshot({ ...options, snapshotId });
        continue;
      }
      ec2.notice(`Keeping snapshot ${snapshotId} of the replaced AMI: ${reason}.`);
    } catch (error) {
      ec2.signal?.throwIfAborted();
      ec2.notice(`Could not delete snapshot ${snapshotId} of the replaced AMI: ${(error as Error).message}.`);
    }
    left.push(snapshotId);
  }
  return left;
}

async function whyKept(
  ec2: Ec2,
  { snapshotId, gone }: { snapshotId: string; gone: ReadonlySet<string> },
): Promise<string | undefined> {
  const snapshot = await describeSnapshot(ec2, snapshotId);
  const foreign = snapshot && whyNotOurSnapshot(snapshot);
  if (foreign) return `it ${foreign}`;
  const users = await listImages(ec2, { name: 'block-device-mapping.snapshot-id', value: snapshotId });
  const user = users.find(({ ImageId = '', State }) => State !== 'deregistered' && !gone.has(ImageId));
  return user && `AMI ${user.ImageId} uses it`;
}

function protectedError({ imageId, name, region }: AmiFacts, cause?: unknown): Ec2ImportError {
  return new Ec2ImportError('AMI_PROTECTED', `AMI ${imageId} (${name}) is protected from deregistration`, {
    hint: `Turn it off with \`aws ec2 disable-image-deregistration-protection --image-id ${imageId} --region ${region}\` (a cooldown may keep it for 24 hours), or use another --suffix.`,
    cause,
    facts: { imageId },
  });
}
