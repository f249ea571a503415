import type { Image } from '@aws-sdk/client-ec2';
import { policies } from '@ec2-image/aws-call';
import type { Tags } from '@ec2-image/provenance';
import { createEc2 } from '../ec2/ec2.ts';
import { waitForSnapshot } from '../snapshot/wait-for-snapshot.ts';
import { type TagReport, tagResources } from '../tag-resources.ts';
import { amiFacts } from './ami.ts';
import { waitForImage } from './describe-image.ts';
import type { RegisterImageOptions } from './register-image-options.ts';
import { registerOnce } from './register-once.ts';
import { deleteReplacedSnapshots } from './replace-image.ts';
import { updateImage } from './update-image.ts';

export interface Ami {
  readonly imageId: string;
  readonly name: string;
  readonly snapshotId: string;
  /** `reused`: it was there, by an earlier run or by one at the same time. */
  readonly outcome: 'registered' | 'reused';
  /** The DescribeImages entry. */
  readonly image: Image;
  readonly tagging?: TagReport;
  /** `TAGS_INCOMPLETE`: the AMI stands, but does not carry all its tags. */
  readonly tagError?: Error;
  /** `AMI_UPDATE_INCOMPLETE`: the AMI stands, but lacks a setting that is made after its registration. */
  readonly updateError?: Error;
  /** What had to go for it. */
  readonly replaced: readonly { readonly imageId: string; readonly snapshotIds: readonly string[] }[];
  /** Snapshots of replaced AMIs that could not be deleted. */
  readonly leftSnapshotIds: readonly string[];
}

/**
 * Registers the snapshot as an AMI of that name and waits until it is available, or finds the one that is there. After a lost answer, looks up the AMI before it repeats the call.
 *
 *
 * @throws Ec2ImportError the codes of {@link conflictError}; `AMI_PROTECTED`, `AMI_STALLED`, `AMI_NOT_FOUND`,
 *   `REGISTER_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_GONE`, `SNAPSHOT_STALLED`, and the codes of a call
 */
export async function registerImage(options: RegisterImageOptions): Promise<Ami> {
  const ec2 = createEc2(options);
  const { name, tags, snapshot, amiTimeoutMs: timeoutMs = policies.ami.limitMs } = options;
  const { snapshotId, sizeGiB } = await waitForSnapshot(ec2, { snapshotId: snapshot.snapshotId, timeoutMs });
  const { imageId, outcome, replaced } = await registerOnce(ec2, { options, snapshotId, sizeGiB });
  ec2.notice(outcome === 'reused' ? `AMI ${imageId} already exists.` : `Registered AMI ${imageId}.`);
  options.onRegistered?.(imageId);

  const tagged = await tagImage({ options, imageId, tags });
  const available = await waitForImage(ec2, { imageId, timeoutMs });
  const { image, updateError } = await updated(options, available);
  const used = amiFacts(image, await ec2.region());
  const keep = [snapshotId, ...used.snapshotIds];
  const leftSnapshotIds = await deleteReplacedSnapshots(options, { amis: replaced, keep });
  return {
    imageId,
    name,
    snapshotId: used.rootSnapshotId ?? snapshotId,
    outcome,
    image,
    ...tagged,
    updateError,
    replaced: replaced.map(({ imageId, snapshotIds }) => ({ imageId, snapshotIds })),
    leftSnapshotIds,
  };
}

/** A tag that cannot be set must not lose the AMI: it comes back beside it. */
async function tagImage({
  options,
  imageId,
  tags,
}: {
  options: RegisterImageOptions;
  imageId: string;
  tags: Tags;
}): Promise<Pick<Ami, 'tagging' | 'tagError'>> {
  try {
    const [tagging] = await tagResources({ ...options, ids: [imageId], tags });
    return { tagging };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { tagError: error as Error };
  }
}

/** A setting that cannot be made must not lose the AMI either. */
async function updated(
  options: RegisterImageOptions,
  image: Image,
): Promise<{ readonly image: Image; readonly updateError?: Error }> {
  try {
    return { image: await updateImage({ ...options, image }) };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { image, updateError: error as Error };
  }
}
