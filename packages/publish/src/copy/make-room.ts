import { DeregisterImageCommand, type Image } from '@aws-sdk/client-ec2';
import { isTransient, policies, refusedCodeOf, retry } from '@ec2-image/aws-call';
import type { Ec2 } from '../ec2.ts';
import { copyStateOf, type Namesakes } from './find-namesakes.ts';
import { type CopyPlace, findInTheWay, protectedCopy } from './in-the-way.ts';

/** The name is free for a copy. */
export interface Room {
  /** Something has been deregistered for it: EC2 may still take the name for taken. */
  readonly freed: boolean;
  /** The last copy that is of no use: the next one is another than that. */
  readonly after?: string;
}

/**
 * Deregisters what has the name and is of no use: copies that have failed, and the copy that is to be replaced.
 *
 * @throws PublishError what stands in the way
 */
export async function makeRoom(ec2: Ec2, found: Namesakes, place: CopyPlace): Promise<Room> {
  const obstacle = findInTheWay(found, place);
  if (obstacle) throw obstacle;
  const dead = found.copies.filter((copy) => copyStateOf(copy) === 'dead');
  for (const image of dead) await remove(ec2, image, { ...place, because: `a copy that is ${image.State}` });
  for (const image of found.others) {
    await place.beforeReplacing?.(image);
    await remove(ec2, image, { ...place, because: `a copy of the earlier ${image.SourceImageId}` });
  }
  const after = dead.at(-1)?.ImageId;
  return { freed: dead.length + found.others.length > 0, ...(after !== undefined && { after }) };
}

/** With its snapshots, in one call: without the AMI, nothing would tell whose they are. Those that another AMI uses stay. */
async function remove(
  ec2: Ec2,
  { ImageId: imageId }: Image,
  { region, because }: CopyPlace & { readonly because: string },
): Promise<void> {
  try {
    const { DeleteSnapshotResults = [] } = await retry(ec2, {
      policy: policies.visible,
      // The snapshot of a copy that failed at once may not be known everywhere yet.
      isRetryable: (error) => isTransient(error) || refusedCodeOf(error) === 'InvalidSnapshot.NotFound',
      call: () => ec2.send(new DeregisterImageCommand({ ImageId: imageId, DeleteAssociatedSnapshots: true })),
    });
    for (const { SnapshotId, ReturnCode } of DeleteSnapshotResults) {
      if (ReturnCode !== 'success') ec2.notice(`could not delete ${SnapshotId} of ${imageId}: ${ReturnCode}`);
    }
  } catch (error) {
    const code = refusedCodeOf(error) ?? '';
    // Another attempt, or somebody else, has done it.
    if (/^InvalidAMIID\.(?:NotFound|Unavailable)$/.test(code)) return;
    throw code === 'OperationNotPermitted' ? protectedCopy({ ImageId: imageId }, { region }) : error;
  }
  ec2.notice(`deregistered ${imageId} in ${region}, ${because}`);
}
