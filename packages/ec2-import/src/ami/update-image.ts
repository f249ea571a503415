import {
  DisableImageDeregistrationProtectionCommand,
  EnableImageDeregistrationProtectionCommand,
  type Image,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { isAboutCredentials, policies, retry, waitUntil } from '@ec2-image/aws-call';
import { cutDescription } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { describeImageNow } from './describe-image.ts';
import type { WantedAmi } from './wanted-ami.ts';

/** What of an AMI can be changed once it is registered. What is left out stays as it is. */
export interface ImageUpdate {
  readonly description?: string;
  readonly imdsSupport?: WantedAmi['imdsSupport'];
  readonly deregistrationProtection?: 'enabled-with-cooldown' | 'enabled-without-cooldown' | 'disabled';
}

export interface UpdateImageOptions extends Ec2Options, ImageUpdate {
  /** As DescribeImages gives it. */
  readonly image: Image;
}

interface Change {
  readonly what: string;
  isDone(image: Image): boolean;
  make(ec2: Ec2, ImageId: string): Promise<unknown>;
}

/**
 * Makes description, IMDS support and deregistration protection of an AMI what is asked for, and waits until EC2 shows
 * it. With nothing to change it makes no call.
 *
 * @returns the AMI as it is then
 * @throws Ec2ImportError `AMI_UPDATE_INCOMPLETE`, with the reason as its cause
 */
export async function updateImage({ image, ...options }: UpdateImageOptions): Promise<Image> {
  const ec2 = createEc2(options);
  const imageId = image.ImageId!;
  const changes = changesOf(options).filter((change) => !change.isDone(image));
  if (changes.length === 0) return image;
  const pending = new Set(changes);
  try {
    for (const change of changes) {
      await retry(ec2, { policy: policies.updateImage, call: () => change.make(ec2, imageId) });
      ec2.notice(`Changed ${change.what} of AMI ${imageId}.`);
    }
    return await waitUntil(ec2, {
      policy: policies.visible,
      ask: async () => {
        const seen = await describeImageNow(ec2, imageId);
        for (const change of seen ? changes : []) if (change.isDone(seen!)) pending.delete(change);
        return seen && changes.every((change) => change.isDone(seen)) ? seen : undefined;
      },
      onTimeout: () => new Error('EC2 does not show the change'),
    });
  } catch (cause) {
    ec2.signal?.throwIfAborted();
    throw incomplete(imageId, { changes: [...pending].map(({ what }) => what), cause });
  }
}

/** What {@link updateImage} would change, in words: `the description`. */
export function imageChanges(image: Image, update: ImageUpdate): string[] {
  return changesOf(update).flatMap((change) => (change.isDone(image) ? [] : change.what));
}

function changesOf({ description, imdsSupport, deregistrationProtection: mode }: ImageUpdate): Change[] {
  const changes: Change[] = [];
  if (description !== undefined) {
    const Value = cutDescription(description);
    changes.push({
      what: 'the description',
      isDone: ({ Description = '' }) => Description === Value,
      make: (ec2, ImageId) => ec2.send(new ModifyImageAttributeCommand({ ImageId, Description: { Value } })),
    });
  }
  if (imdsSupport === 'v2.0') {
    changes.push({
      what: 'the IMDS support',
      isDone: ({ ImdsSupport }) => ImdsSupport === imdsSupport,
      make: (ec2, ImageId) =>
        ec2.send(new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value: imdsSupport } })),
    });
  }
  if (mode !== undefined) {
    changes.push({
      what: 'the deregistration protection',
      // Turned off, it may still hold for a day: then it says until when.
      isDone: ({ DeregistrationProtection = 'disabled' }) =>
        mode === 'disabled' ? DeregistrationProtection.startsWith(mode) : DeregistrationProtection === mode,
      make: (ec2, ImageId) =>
        ec2.send(
          mode === 'disabled'
            ? new DisableImageDeregistrationProtectionCommand({ ImageId })
            : new EnableImageDeregistrationProtectionCommand({
                ImageId,
                WithCooldown: mode === 'enabled-with-cooldown',
              }),
        ),
    });
  }
  return changes;
}

function incomplete(
  imageId: string,
  { changes, cause }: { readonly changes: readonly string[]; readonly cause: unknown },
): Ec2ImportError {
  return new Ec2ImportError(
    'AMI_UPDATE_INCOMPLETE',
    `AMI ${imageId} is registered, but ${changes.join(' and ')} could not be changed: ${(cause as Error).message}`,
    {
      hint: isAboutCredentials(cause)
        ? cause.hint
        : 'Correct what EC2 names, then run the same command again.',
      resumable: true,
      cause,
      facts: { imageId, changes },
    },
  );
}
