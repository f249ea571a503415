import { RegisterImageCommand, type RegisterImageRequest } from '@aws-sdk/client-ec2';
import {
  findConsistently,
  isAwsCallError,
  isOutage,
  isTransient,
  pause,
  policies,
  refusedCodeOf,
  retryThroughOutage,
  watchOutage,
} from '@ec2-image/aws-call';
import { cutDescription, tagList } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { type AmiFacts, type AmiVerdict, freshDifference } from './ami.ts';
import { blockDeviceMappings } from './block-devices.ts';
import { conflictError } from './conflict.ts';
import { findImageNow } from './find-image.ts';
import type { RegisterImageOptions } from './register-image-options.ts';
import { deregisterImage } from './replace-image.ts';

export interface Registered {
  readonly imageId: string;
  readonly outcome: 'registered' | 'reused';
  readonly replaced: readonly AmiFacts[];
}

/**
 * Takes the AMI of that name where it is the wanted one, else makes way for it and registers it. A lost answer, or a
 * duplicate, may be our own call's: it looks up the name before it repeats the call.
 */
export async function registerOnce(
  ec2: Ec2,
  { options, snapshotId, sizeGiB }: { options: RegisterImageOptions; snapshotId: string; sizeGiB: number },
): Promise<Registered> {
  const { replace = false, fresh = false } = options;
  const replaced = new Map<string, AmiFacts>();
  const look = async (): Promise<AmiVerdict | undefined> => {
    const found = await findImageNow(ec2, { ...options, snapshotId });
    if (found && replaced.has(found.ami.imageId)) return undefined;
    if (fresh && found?.kind === 'ours' && found.ami.rootSnapshotId !== snapshotId)
      return { kind: 'different', ami: found.ami, differences: [freshDifference] };
    return found;
  };
  let found = await retryThroughOutage(ec2, look);
  let sent = false;
  let tagged = true;
  const outage = watchOutage(ec2);
  for (let n = 1; ; ) {
    if (found?.kind === 'ours') {
      const outcome = sent && found.ami.rootSnapshotId === snapshotId ? 'registered' : 'reused';
      return { imageId: found.ami.imageId, outcome, replaced: [...replaced.values()] };
    }
    if (found) {
      if (!mayReplace(found, replace)) throw conflictError(found);
      tagged = await dryRunRegister(ec2, { options, snapshotId, sizeGiB });
      await options.beforeReplacing?.(found.ami);
      await deregisterImage(ec2, found.ami);
      ec2.notice(`Deregistered AMI ${found.ami.imageId}, which had the name ${found.ami.name}.`);
      replaced.set(found.ami.imageId, found.ami);
    }
    try {
      const input = registerImageInput({ options, snapshotId, sizeGiB, tagged });
      const { ImageId } = await ec2.send(new RegisterImageCommand(input), { retry: 'answered' });
      return { imageId: ImageId!, outcome: 'registered', replaced: [...replaced.values()] };
    } catch (error) {
      ec2.signal?.throwIfAborted();
      if (isAwsCallError(error, 'ACCESS_DENIED') && tagged) {
        // An account may forbid tags on creation. Where it is the registration that is forbidden, that shows next.
        tagged = false;
        found = undefined;
        continue;
      }
      const duplicate = refusedCodeOf(error) === 'InvalidAMIName.Duplicate';
      if (!duplicate && !isTransient(error)) throw refusal(error);
      // The call may have been carried out, by the SDK's own first try as well: that is looked up first.
      sent = true;
      if (isOutage(error)) {
        await outage.endure(error);
      } else {
        outage.end();
        if (n >= policies.registerImage.attempts) throw duplicate ? invisible(options.name, error) : error;
        await pause(ec2, { n, pace: policies.registerImage });
        n += 1;
      }
      found = await retryThroughOutage(ec2, () => findConsistently(ec2, look));
    }
  }
}

/** A failed AMI made by ec2-image is of no use; any other is replaced only where the user said so, and somebody else's never. */
function mayReplace({ kind }: AmiVerdict, replace: boolean): boolean {
  return kind === 'failed' || (replace && (kind === 'different' || kind === 'disabled'));
}

/**
 * Asks EC2 whether it would register the AMI, before another one is taken away for it.
 *
 * @returns whether it would with tags
 */
async function dryRunRegister(
  ec2: Ec2,
  request: Omit<Parameters<typeof registerImageInput>[0], 'tagged'>,
): Promise<boolean> {
  for (let tagged = true; ; tagged = false) {
    const input = { ...registerImageInput({ ...request, tagged }), DryRun: true };
    try {
      await retryThroughOutage(ec2, () => ec2.send(new RegisterImageCommand(input)));
      return tagged;
    } catch (error) {
      // What is in its way is still there.
      if (['DryRunOperation', 'InvalidAMIName.Duplicate'].includes(refusedCodeOf(error) ?? '')) return tagged;
      if (!tagged || !isAwsCallError(error, 'ACCESS_DENIED')) throw refusal(error);
    }
  }
}

function registerImageInput({
  options,
  snapshotId,
  sizeGiB,
  tagged,
}: {
  options: RegisterImageOptions;
  snapshotId: string;
  sizeGiB: number;
  tagged: boolean;
}): RegisterImageRequest {
  const { name, description, architecture, bootMode, tpmSupport, imdsSupport, uefiData, tags } = options;
  return {
    Name: name,
    Description: description ? cutDescription(description) : undefined,
    Architecture: architecture,
    VirtualizationType: 'hvm',
    EnaSupport: true,
    ...blockDeviceMappings(options, { snapshotId, sizeGiB }),
    BootMode: unlessNone(bootMode),
    TpmSupport: unlessNone(tpmSupport),
    ImdsSupport: unlessNone(imdsSupport),
    UefiData: uefiData,
    // For no other resource type: RegisterImage refuses a specification for the snapshot.
    ...(tagged && { TagSpecifications: [{ ResourceType: 'image', Tags: tagList(tags) }] }),
  };
}

function unlessNone<T extends string>(value: T | 'none' | undefined): Exclude<T, 'none'> | undefined {
  return value === 'none' ? undefined : (value as Exclude<T, 'none'> | undefined);
}

function refusal(error: unknown): unknown {
  if (!isAwsCallError(error, 'AWS_REFUSED')) return error;
  return new Ec2ImportError('REGISTER_REFUSED', `EC2 did not register the AMI: ${error.message}`, {
    hint: 'Correct the option that EC2 names.',
    resumable: true,
    cause: error,
    facts: error.facts,
  });
}

function invisible(amiName: string, cause: unknown): Ec2ImportError {
  return new Ec2ImportError(
    'AMI_NAME_TAKEN',
    `EC2 says that the AMI name ${amiName} is already used, but lists no such AMI`,
    {
      hint: 'Wait a few minutes and run the same command again, or use another --suffix.',
      cause,
      facts: { amiName },
    },
  );
}
