import { CopyImageCommand, type CopyImageRequest, type Image } from '@aws-sdk/client-ec2';
import {
  findConsistently,
  isTransient,
  policies,
  refusedCodeOf,
  retry,
  waitUntil,
} from '@ec2-image/aws-call';
import {
  copyOfKey,
  copyToken,
  disabledKey,
  launchPermissionsKey,
  tagList,
  tagRecord,
} from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import { describeAmi } from '../published/read-published.ts';
import { copyOf, copyStateOf, findNamesakes, type Namesakes, sourceOf } from './find-namesakes.ts';
import { makeRoom, type Room } from './make-room.ts';

export interface CopyAmiOptions extends Ec2Options {
  /** Of the client: where the copy is to be. */
  readonly region: string;
  readonly sourceRegion: string;
  /** As DescribeImages of its region gives it. */
  readonly source: Image;
  /** Undefined: as the source is, and as the region has it by default. */
  readonly encryption?: { readonly kmsKeyId?: string };
  /** Whether a copy of an earlier AMI of the same name and stream is deregistered for it. Default false. */
  readonly replace?: boolean;
  /** Awaited before that: where it rejects, the copy stays, and no other is made. */
  readonly beforeReplacing?: (image: Image) => Promise<void>;
  /** Whole quarters of an hour. Default: EC2 promises nothing. */
  readonly completionMinutes?: number;
  /** How long a copy may take. Default 4 hours. */
  readonly copyTimeoutMs?: number;
  /** Runs one copy: bounds how many the region has at a time. Default: at once. */
  readonly inTurn?: <T>(copy: () => Promise<T>) => Promise<T>;
  readonly onStarted?: (imageId: string) => void;
}

export interface CopiedAmi {
  /** `reused`: it was there; `adopted`: it was being made. */
  readonly outcome: 'copied' | 'adopted' | 'reused';
  readonly image: Image;
}

/**
 * The copy of an AMI in another region: the one that is there, one that is being made, or a new one with the tags of the source on
 * AMI and snapshot. Before that, copies that have failed are deregistered, and the one that is to be replaced.
 *
 * @throws PublishError `COPY_FAILED`, `COPY_STALLED`, `COPY_NAME_TAKEN`, `AMI_PROTECTED`, and the codes of a call
 */
export async function copyAmi(options: CopyAmiOptions): Promise<CopiedAmi> {
  const { region, sourceRegion, source, inTurn = (copy) => copy() } = options;
  const ec2 = createEc2(options);
  const find = () => findNamesakes(ec2, { source: sourceOf(source, sourceRegion), region });
  const found = await findConsistently(ec2, async () => {
    const namesakes = await find();
    return namesakes.copies.length + namesakes.others.length > 0 ? namesakes : undefined;
  });
  const { copies } = found ?? none;
  const available = copies.find((copy) => copyStateOf(copy) === 'available');
  if (available) return { outcome: 'reused', image: available };
  const pending = copies.find((copy) => copyStateOf(copy) === 'pending');
  return inTurn(async () =>
    pending
      ? { outcome: 'adopted', image: await waitForCopy(ec2, pending.ImageId!, options) }
      : { outcome: 'copied', image: await makeCopy(ec2, options, { found: found ?? none, find }) },
  );
}

const none: Namesakes = { copies: [], others: [] };

/** A token leads to what it made for as long as EC2 remembers: after a copy that failed or is gone, the next one has its own. */
async function makeCopy(
  ec2: Ec2,
  options: CopyAmiOptions,
  { found, find }: { readonly found: Namesakes; readonly find: () => Promise<Namesakes> },
): Promise<Image> {
  const { region, source } = options;
  const place = { ...options, replace: options.replace ?? false };
  let room = await makeRoom(ec2, found, place);
  for (let attempt = 1; ; attempt += 1) {
    const imageId = await startCopy(ec2, requestOf(options), { region, room });
    options.onStarted?.(imageId);
    try {
      return await waitForCopy(ec2, imageId, options);
    } catch (error) {
      const isLost = error instanceof PublishError && error.code === 'COPY_FAILED';
      if (!isLost || attempt >= policies.copyAgain.attempts) throw error;
      ec2.notice(`${error.message}; copying ${source.ImageId} to ${region} again`);
      room = { ...(await makeRoom(ec2, await find(), place)), after: imageId };
    }
  }
}

/** Everything but the token: the same for the same AMI and settings, on every machine. */
function requestOf({
  region,
  sourceRegion,
  source,
  encryption,
  completionMinutes,
}: CopyAmiOptions): Omit<CopyImageRequest, 'ClientToken'> {
  const tags = tagList(tagsOfCopy(source, region)).sort((a, b) => (a.Key < b.Key ? -1 : 1));
  return {
    Name: source.Name,
    Description: source.Description || undefined,
    SourceImageId: source.ImageId,
    SourceRegion: sourceRegion,
    ...(encryption && { Encrypted: true, KmsKeyId: encryption.kmsKeyId }),
    SnapshotCopyCompletionDurationMinutes: completionMinutes,
    TagSpecifications: (['image', 'snapshot'] as const).map((ResourceType) => ({ ResourceType, Tags: tags })),
  };
}

/** Those of the AMI, but what is said of it alone, and what only AWS may set. */
function tagsOfCopy(source: Image, region: string): Record<string, string> {
  const own: readonly string[] = [disabledKey, launchPermissionsKey];
  const kept = Object.entries(tagRecord(source.Tags)).filter(
    ([key]) => !key.startsWith('aws:') && !own.includes(key),
  );
  return { ...Object.fromEntries(kept), [copyOfKey]: copyOf({ imageId: source.ImageId! }, region) };
}

const duplicateName = 'InvalidAMIName.Duplicate';

async function startCopy(
  ec2: Ec2,
  request: Omit<CopyImageRequest, 'ClientToken'>,
  { region, room: { freed, after } }: { readonly region: string; readonly room: Room },
): Promise<string> {
  const command = new CopyImageCommand({
    ...request,
    ClientToken: copyToken({ region, request, after }),
  } as CopyImageRequest);
  try {
    const { ImageId } = await retry(ec2, {
      policy: policies.startCopy,
      call: () => ec2.send(command),
      isRetryable(error) {
        const code = refusedCodeOf(error) ?? '';
        // A fresh AMI may not be known in other regions yet, and a name not be known to be free.
        return isTransient(error) || /^InvalidAMIID\./.test(code) || (freed && code === duplicateName);
      },
    });
    return ImageId!;
  } catch (error) {
    if (refusedCodeOf(error) !== duplicateName) throw error;
    throw new PublishError(
      'COPY_NAME_TAKEN',
      `${region} has another AMI of the name ${request.Name}: ${(error as Error).message}`,
      {
        hint: 'Deregister that AMI if it is of no use any more, or use another --suffix.',
        cause: error,
        facts: { region, amiName: request.Name },
      },
    );
  }
}

async function waitForCopy(
  ec2: Ec2,
  imageId: string,
  { region, copyTimeoutMs = policies.copy.limitMs }: CopyAmiOptions,
): Promise<Image> {
  const since = ec2.elapsed();
  let wasSeen = false;
  return waitUntil(ec2, {
    policy: { ...policies.copy, limitMs: copyTimeoutMs },
    async ask() {
      const image = await describeAmi(ec2, imageId);
      wasSeen ||= image !== undefined;
      if (image?.State === 'available') return image;
      if (image && copyStateOf(image) !== 'pending') throw failedCopy(image, region);
      if (!wasSeen && ec2.elapsed() - since >= policies.visible.limitMs) throw lostCopy(imageId, region);
      return undefined;
    },
    onTimeout: (waitedMs) =>
      new PublishError(
        'COPY_STALLED',
        `copy ${imageId} in ${region} is still pending after ${Math.round(waitedMs / 60_000)} minutes`,
        {
          hint: 'The copy continues on AWS.',
          resumable: true,
          facts: { imageId, region },
        },
      ),
  });
}

function failedCopy({ ImageId, State, StateReason }: Image, region: string): PublishError {
  return new PublishError(
    'COPY_FAILED',
    `copy ${ImageId} in ${region} is ${State}: ${StateReason?.Message || 'EC2 gives no reason'}`,
    {
      hint: 'Correct what EC2 names.',
      resumable: true,
      facts: { imageId: ImageId, region },
    },
  );
}

function lostCopy(imageId: string, region: string): PublishError {
  return new PublishError('COPY_FAILED', `EC2 does not show copy ${imageId} in ${region}`, {
    hint: 'The next run copies again.',
    resumable: true,
    facts: { imageId, region },
  });
}
