import {
  DisableImageDeregistrationProtectionCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
} from '@aws-sdk/client-ec2';
import { policies, retry } from '@ec2-image/aws-call';
import { type Ec2, isNotSeenYet } from '../ec2.ts';
import type { Protection } from '../published/published-ami.ts';

const minuteMs = 60_000;

/** A time that has passed is the next whole minute: EC2 takes none in the past. */
export async function deprecateAmi(
  ec2: Ec2,
  { imageId, at }: { readonly imageId: string; readonly at: number },
): Promise<void> {
  await retry(ec2, {
    policy: policies.updateImage,
    isRetryable: isNotSeenYet,
    call: () => {
      const soonest = Math.ceil(ec2.now() / minuteMs) * minuteMs + minuteMs;
      const DeprecateAt = new Date(at <= ec2.now() ? soonest : at);
      return ec2.send(new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt }));
    },
  });
}

export async function protectAmi(
  ec2: Ec2,
  { imageId: ImageId, protection }: { readonly imageId: string; readonly protection: Protection },
): Promise<void> {
  await retry(ec2, {
    policy: policies.updateImage,
    isRetryable: isNotSeenYet,
    call: (): Promise<unknown> =>
      protection === 'disabled'
        ? ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }))
        : ec2.send(
            new EnableImageDeregistrationProtectionCommand({
              ImageId,
              WithCooldown: protection === 'enabled-with-cooldown',
            }),
          ),
  });
}
