import type { Image } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { PublishError } from '../errors.ts';
import { streamOf } from '../stream.ts';
import { copyStateOf, isOwnCopy, type Namesakes } from './find-namesakes.ts';

export interface CopyPlace {
  /** As DescribeImages of its region gives it. */
  readonly source: Image;
  readonly sourceRegion: string;
  /** Where the copy is to be. */
  readonly region: string;
  /** Whether a copy of an earlier AMI of the name gives way. */
  readonly replace: boolean;
  /** Awaited before such a copy is deregistered: where it rejects, the copy stays. */
  readonly beforeReplacing?: (image: Image) => Promise<void>;
}

/**
 * Why no copy can be made, nor used, there: a copy is disabled, or the name is that of another AMI, which does not give way. Only a
 * copy that ec2-image has made of an earlier AMI of the same stream does: names are unique in the region of the import too, so
 * that one is gone.
 */
export function findInTheWay({ copies, others }: Namesakes, place: CopyPlace): PublishError | undefined {
  const states = copies.map(copyStateOf);
  if (states.includes('available') || states.includes('pending')) return undefined;
  const disabled = copies[states.indexOf('disabled')];
  if (disabled) return disabledCopy(disabled, place);
  return others.map((other) => whyItStays(other, place)).find((reason) => reason !== undefined);
}

function whyItStays(other: Image, place: CopyPlace): PublishError | undefined {
  if (!isReplaceable(other, place)) return nameTaken(other, place);
  if (!place.replace) return notReplaced(other, place);
  const { DeregistrationProtection: protection = 'disabled' } = other;
  return protection === 'disabled' ? undefined : protectedCopy(other, place);
}

function isReplaceable(other: Image, { source, sourceRegion, region }: CopyPlace): boolean {
  const stream = ({ Tags, Architecture: architecture }: Image) =>
    streamOf({ tags: tagRecord(Tags), ...(architecture && { architecture }) });
  return isOwnCopy(other, { sourceRegion, region }) && stream(other) === stream(source);
}

function disabledCopy({ ImageId: imageId }: Image, { region }: CopyPlace): PublishError {
  return new PublishError('COPY_FAILED', `copy ${imageId} in ${region} is disabled`, {
    hint: `Enable it with \`aws ec2 enable-image --image-id ${imageId} --region ${region}\`, or deregister it.`,
    facts: { imageId, region },
  });
}

function nameTaken({ ImageId: imageId, Name: amiName }: Image, { region }: CopyPlace): PublishError {
  return new PublishError(
    'COPY_NAME_TAKEN',
    `${region} has another AMI of the name ${amiName}, ${imageId}, which is not a copy that gives way`,
    {
      hint: 'Deregister that AMI if it is of no use any more, or use another --suffix.',
      facts: { region, amiName, imageId },
    },
  );
}

function notReplaced(
  { ImageId: imageId, Name: amiName, SourceImageId: sourceImageId }: Image,
  { region }: CopyPlace,
): PublishError {
  return new PublishError(
    'COPY_NAME_TAKEN',
    `${region} has ${imageId} of the name ${amiName}, a copy of the earlier AMI ${sourceImageId}`,
    {
      hint: 'Use --replace to deregister it and delete its snapshots, or use another --suffix.',
      facts: { region, amiName, imageId, sourceImageId },
    },
  );
}

export function protectedCopy(
  { ImageId: imageId }: Pick<Image, 'ImageId'>,
  { region }: Pick<CopyPlace, 'region'>,
): PublishError {
  return new PublishError('AMI_PROTECTED', `${imageId} in ${region} is protected from deregistration`, {
    hint: `Turn it off with \`aws ec2 disable-image-deregistration-protection --image-id ${imageId} --region ${region}\` (a cooldown may keep it for 24 hours), or use another --suffix.`,
    facts: { imageId, region },
  });
}
