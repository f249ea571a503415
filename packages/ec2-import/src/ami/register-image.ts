import { type Image, RegisterImageCommand, type RegisterImageRequest } from '@aws-sdk/client-ec2';
import { type Tags, tagList } from '@ec2-image/provenance';
import { type Ec2, type Ec2Options, ec2Of } from '../ec2/ec2.ts';
import { backoffMs, lookSeveralTimes } from '../ec2/poll.ts';
import { Ec2ImportError, isCode, refusedCode } from '../errors.ts';
import { waitForSnapshot } from '../snapshot/wait-for-snapshot.ts';
import { type TagReport, tagResources } from '../tag-resources.ts';
import { type AmiFacts, type AmiVerdict, amiFacts, type WantedAmi } from './ami.ts';
import { conflictError } from './conflict.ts';
import { waitForImage } from './describe-image.ts';
import { lookForImage } from './find-image.ts';
import { deleteSnapshotsOf, deregisterImage } from './replace-image.ts';

export interface RegisterImageOptions extends Ec2Options, Omit<WantedAmi, 'snapshotId'> {
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly snapshot: { readonly snapshotId: string };
  readonly description?: string;
  /** For the AMI: `Name`, `automation`, the user's own, provenance. Set with RegisterImage itself where the account allows it. */
  readonly tags: Tags;
  /** Deregister an earlier AMI of ours that has this name and is not the wanted one, and delete its snapshots afterwards. Default false. */
  readonly replace?: boolean;
  /** How long EC2 may take to make the AMI available. Default 15 minutes. */
  readonly amiTimeoutMs?: number;
}

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
  /** What had to go for it. */
  readonly replaced: readonly { readonly imageId: string; readonly snapshotIds: readonly string[] }[];
  /** Snapshots of replaced AMIs that could not be deleted. */
  readonly leftSnapshotIds: readonly string[];
}

/** With pauses that double up to half a minute: about four minutes for EC2 to show what it says is there. */
const registerTries = 12;

/**
 * Registers the snapshot as an AMI of that name and waits until it is available, or finds the one that is there. An
 * answer that was lost is looked up before the call is made again.
 *
 * @throws Ec2ImportError the codes of {@link conflictError}; `AMI_PROTECTED`, `AMI_STALLED`, `AMI_NOT_FOUND`,
 *   `REGISTER_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_GONE`, `SNAPSHOT_STALLED`, and the codes of a call
 */
export async function registerImage(options: RegisterImageOptions): Promise<Ami> {
  const ec2 = ec2Of(options);
  const { name, tags, snapshot, amiTimeoutMs: timeoutMs = 15 * 60_000 } = options;
  const { snapshotId, sizeGiB } = await waitForSnapshot(ec2, { snapshotId: snapshot.snapshotId, timeoutMs });
  const { imageId, outcome, replaced } = await registerOnce(ec2, { options, snapshotId, sizeGiB });
  ec2.notice(outcome === 'reused' ? `AMI ${imageId} is there already.` : `Registered AMI ${imageId}.`);

  const tagged = await tagImage({ options, imageId, tags });
  const image = await waitForImage(ec2, { imageId, timeoutMs });
  const used = amiFacts(image);
  const keep = [snapshotId, ...used.snapshotIds];
  const leftSnapshotIds = await deleteSnapshotsOf(options, { amis: replaced, keep });
  return {
    imageId,
    name,
    snapshotId: used.rootSnapshotId ?? snapshotId,
    outcome,
    image,
    ...tagged,
    replaced: replaced.map(({ imageId, snapshotIds }) => ({ imageId, snapshotIds })),
    leftSnapshotIds,
  };
}

interface Registered {
  readonly imageId: string;
  readonly outcome: 'registered' | 'reused';
  readonly replaced: readonly AmiFacts[];
}

async function registerOnce(
  ec2: Ec2,
  { options, snapshotId, sizeGiB }: { options: RegisterImageOptions; snapshotId: string; sizeGiB: number },
): Promise<Registered> {
  const { replace = false } = options;
  const replaced = new Map<string, AmiFacts>();
  const look = async (): Promise<AmiVerdict | undefined> => {
    const found = await lookForImage(ec2, { ...options, snapshotId });
    return found && replaced.has(found.ami.imageId) ? undefined : found;
  };
  let found = await look();
  let sent = false;
  let tagged = true;
  for (let n = 1; ; n += 1) {
    if (found?.kind === 'ours') {
      const outcome = sent && found.ami.rootSnapshotId === snapshotId ? 'registered' : 'reused';
      return { imageId: found.ami.imageId, outcome, replaced: [...replaced.values()] };
    }
    if (found) {
      if (!mayReplace(found, replace)) throw conflictError(found);
      await deregisterImage(ec2, found.ami);
      ec2.notice(`Deregistered AMI ${found.ami.imageId}, which had the name ${found.ami.name}.`);
      replaced.set(found.ami.imageId, found.ami);
    }
    try {
      const input = registerImageInput({ options, snapshotId, sizeGiB, tagged });
      const { ImageId } = await ec2.send(new RegisterImageCommand(input));
      return { imageId: ImageId!, outcome: 'registered', replaced: [...replaced.values()] };
    } catch (error) {
      ec2.signal?.throwIfAborted();
      if (isCode(error, 'ACCESS_DENIED') && tagged) {
        // An account may forbid tags on creation. Where it is the registration that is forbidden, that shows next.
        tagged = false;
        found = undefined;
        continue;
      }
      const duplicate = refusedCode(error) === 'InvalidAMIName.Duplicate';
      if (!duplicate && !isCode(error, 'EC2_UNREACHABLE', 'THROTTLED')) throw refusal(error);
      if (n >= registerTries) throw duplicate ? invisible(options.name, error) : error;
      // The call may have been carried out, by the SDK's own first try as well: that is looked up first.
      sent = true;
      await ec2.sleep(Math.min(backoffMs({ n, random: ec2.random() }), ec2.pollIntervalMs));
      found = await lookSeveralTimes(ec2, look);
    }
  }
}

/** A failed AMI of ours serves nobody; every other one goes only where the user said so, and somebody else's never. */
function mayReplace({ kind }: AmiVerdict, replace: boolean): boolean {
  return kind === 'failed' || (replace && (kind === 'different' || kind === 'disabled'));
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
  const { name, description, architecture, bootMode, tpmSupport, imdsSupport, tags } = options;
  return {
    Name: name,
    Description: description,
    Architecture: architecture,
    VirtualizationType: 'hvm',
    EnaSupport: true,
    RootDeviceName: '/dev/sda1',
    // No Encrypted and no KmsKeyId: beside a snapshot EC2 takes neither.
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/sda1',
        Ebs: { SnapshotId: snapshotId, VolumeSize: sizeGiB, VolumeType: 'gp3', DeleteOnTermination: true },
      },
    ],
    BootMode: bootMode,
    TpmSupport: tpmSupport,
    ImdsSupport: imdsSupport,
    // For no other resource type: RegisterImage refuses a specification for the snapshot.
    ...(tagged && { TagSpecifications: [{ ResourceType: 'image', Tags: tagList(tags) }] }),
  };
}

function refusal(error: unknown): unknown {
  if (!isCode(error, 'EC2_REFUSED')) return error;
  return new Ec2ImportError('REGISTER_REFUSED', `EC2 did not register the AMI: ${error.message}`, {
    hint: 'Correct the option that EC2 names; the snapshot is kept, and the same command goes on from it.',
    cause: error,
    facts: error.facts,
  });
}

function invisible(amiName: string, cause: unknown): Ec2ImportError {
  return new Ec2ImportError(
    'AMI_NAME_TAKEN',
    `EC2 says that the name ${amiName} is taken, but lists no AMI of it`,
    {
      hint: 'Wait a few minutes and run the same command again, or give another --suffix.',
      cause,
      facts: { amiName },
    },
  );
}
