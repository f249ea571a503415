import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2';
import { findConsistently, policies, waitUntil } from '@ec2-image/aws-call';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { formatDuration } from '../format-duration.ts';
import { amiFacts } from './ami.ts';
import { conflictError } from './conflict.ts';
import { isUnknownImage } from './find-image.ts';

export interface DescribeImageOptions extends Ec2Options {
  readonly imageId: string;
  /** Wait until the AMI can be launched. Default false: as it is, whatever its state. */
  readonly untilAvailable?: boolean;
  /** How long EC2 may take to make the AMI available. Default 15 minutes. */
  readonly amiTimeoutMs?: number;
}

/**
 * The AMI as DescribeImages gives it.
 *
 * @throws Ec2ImportError `AMI_NOT_FOUND` after several looks; with `untilAvailable` also `AMI_FAILED`, `AMI_DISABLED` and
 *   `AMI_STALLED`; and the codes of a call
 */
export async function describeImage(options: DescribeImageOptions): Promise<Image> {
  const ec2 = createEc2(options);
  const { imageId, untilAvailable = false, amiTimeoutMs: timeoutMs = policies.ami.limitMs } = options;
  if (untilAvailable) return waitForImage(ec2, { imageId, timeoutMs });
  const image = await findConsistently(ec2, () => describeImageNow(ec2, imageId));
  if (!image) throw notFound(imageId);
  return image;
}

/** Until the AMI can be launched. A fresh AMI may not be visible at first. */
export async function waitForImage(
  ec2: Ec2,
  { imageId, timeoutMs }: { imageId: string; timeoutMs: number },
): Promise<Image> {
  const since = ec2.elapsed();
  const ask = async () => {
    const image = await describeImageNow(ec2, imageId);
    const waitedMs = ec2.elapsed() - since;
    if (!image) {
      if (waitedMs >= policies.visible.limitMs) throw notFound(imageId);
      return undefined;
    }
    if (image.State === 'available') return image;
    if (image.State !== 'pending' && image.State !== 'transient') {
      const ami = amiFacts(image, await ec2.region());
      throw conflictError({ kind: ami.state === 'disabled' ? 'disabled' : 'failed', ami });
    }
    if (waitedMs < timeoutMs) return undefined;
    throw new Ec2ImportError(
      'AMI_STALLED',
      `AMI ${imageId} has been ${image.State} for ${formatDuration(waitedMs)}`,
      { hint: 'EC2 finishes the AMI by itself.', resumable: true, facts: { imageId } },
    );
  };
  return waitUntil(ec2, { policy: policies.ami, ask });
}

export async function describeImageNow(ec2: Ec2, imageId: string): Promise<Image | undefined> {
  try {
    const { Images = [] } = await ec2.send(
      new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }),
    );
    return Images.find(({ ImageId }) => ImageId === imageId);
  } catch (error) {
    if (isUnknownImage(error)) return undefined;
    throw error;
  }
}

function notFound(imageId: string): Ec2ImportError {
  return new Ec2ImportError('AMI_NOT_FOUND', `EC2 does not list AMI ${imageId}`, {
    hint: 'Check the id and the region.',
    facts: { imageId },
  });
}
