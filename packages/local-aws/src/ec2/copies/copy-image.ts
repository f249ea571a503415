import { boolean, integer, required, string } from '../../query/shape.ts';
import { oncePerToken } from '../client-tokens.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { linkSnapshots } from '../image-snapshots.ts';
import { type Image, type ImageFacts, imageState } from '../images/image.ts';
import { checkImageCount } from '../images/image-quotas.ts';
import { checkName } from '../images/register-image.ts';
import { findImageAnywhere, mayLaunch } from '../images/usable-image.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { checkIds, newResourceId, notFound } from '../resource-type.ts';
import type { Tag } from '../resources.ts';
import type { Snapshot } from '../snapshots/snapshot.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  checkCopyCount,
  checkDuration,
  checkEncrypted,
  checkEncryption,
  copyableSnapshot,
  insertCopy,
} from './copy-snapshot.ts';
import { beginCopy } from './pending-copies.ts';

const maxDescription = 255;

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html */
export const copyImage = operation({
  fields: {
    Name: required(string),
    SourceImageId: required(string),
    SourceRegion: required(string),
    Description: string,
    ClientToken: string,
    Encrypted: boolean,
    KmsKeyId: string,
    CopyImageTags: boolean,
    SnapshotCopyCompletionDurationMinutes: integer,
    TagSpecification: tagSpecifications,
  },
  async run(input, context) {
    const { store, resources, accountId, region } = context;
    const { ClientToken: token, Name: name, ...request } = input;
    checkName(name);
    checkEncryption(input);
    checkDuration(input.SnapshotCopyCompletionDurationMinutes, 'SnapshotCopyCompletionDurationMinutes');
    if ((input.Description ?? '').length > maxDescription) {
      throw invalidParameterValue(
        `The description exceeds the maximum length of ${maxDescription} characters`,
      );
    }
    const source = copyableImage(input.SourceImageId, input.SourceRegion, context);
    const sources = sourceSnapshots(source, input.SourceRegion, context);
    checkEncrypted(sources, input);
    const tags = tagsOfCopy(source, input, accountId);
    const newId = newResourceId('image');
    const imageId = store.transaction(() =>
      oncePerToken(
        store,
        { accountId, region, operation: 'CopyImage', token, request: { name, ...request } },
        () => {
          const namesake = resources.findByName('image', name);
          if (namesake) {
            throw ec2Error(
              'InvalidAMIName.Duplicate',
              `AMI name ${name} is already in use by AMI ${namesake.id}`,
            );
          }
          checkImageCount(context);
          checkCopyCount(sources.length, context);
          insertPending(newId, source, { name, description: input.Description, tags: tags.image }, context);
          return newId;
        },
      ),
    );
    if (imageId === newId) {
      await copySnapshots(newId, { source, sources }, { ...input, tags: tags.snapshot }, context);
      beginCopy(newId, context);
    }
    return { imageId };
  },
});

/** @throws ServiceError */
function copyableImage(id: string, sourceRegion: string, context: Ec2Context): Image {
  checkIds('image', [id]);
  const image = findImageAnywhere(context.store, id, { region: sourceRegion, now: context.now });
  if (!image || !mayLaunch(image, context.accountId)) throw notFound('image', [id]);
  const state = imageState(image.facts, context.now());
  if (state !== 'available') {
    throw ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is not available: it is ${state}`);
  }
  return image;
}

/** Only their owner's tags are copied, and AWS's own are not. */
function tagsOfCopy(
  { facts, tags }: Image,
  {
    CopyImageTags: copyTags = false,
    TagSpecification: specifications,
  }: {
    readonly CopyImageTags?: boolean;
    readonly TagSpecification: Parameters<typeof specifiedTags>[0];
  },
  accountId: string,
): { readonly image: readonly Tag[]; readonly snapshot: readonly Tag[] } {
  const of = (type: 'image' | 'snapshot') => specifications.filter((one) => one.ResourceType === type);
  const others = specifications.filter(({ ResourceType: type }) => type !== 'image' && type !== 'snapshot');
  const given = specifiedTags([...others, ...of('image')], 'image');
  const copied =
    copyTags && facts.ownerId === accountId
      ? tags.filter(({ key }) => !key.startsWith('aws:') && !given.some((tag) => tag.key === key))
      : [];
  return { image: [...copied, ...given], snapshot: specifiedTags(of('snapshot'), 'snapshot') };
}

function insertPending(
  id: string,
  { id: sourceImageId, facts: source }: Image,
  { name, description, tags }: { name: string; description?: string; tags: readonly Tag[] },
  { resources, accountId, call }: Ec2Context,
): void {
  const sourceImageRegion = call.parameters.SourceRegion!;
  const {
    launchPermissions,
    deprecatedAt,
    lastLaunchedAt,
    deregistrationProtection,
    protectedUntil,
    ...kept
  } = source;
  resources.insert<ImageFacts>('image', {
    id,
    name,
    tags,
    facts: {
      ...kept,
      ownerId: accountId,
      name,
      description: description ?? `[Copied ${sourceImageId} from ${sourceImageRegion}] ${source.name}`,
      sourceImageId,
      sourceImageRegion,
      sourceInstanceId: undefined,
      blockDevices: [],
      settlesAt: Number.MAX_SAFE_INTEGER,
    },
  });
}

/** @throws ServiceError also where an AMI is shared without its snapshots: https://github.com/awslabs/amazon-eks-ami/issues/52 */
function sourceSnapshots({ facts }: Image, sourceRegion: string, context: Ec2Context): Snapshot[] {
  const ids = new Set(facts.blockDevices.flatMap(({ ebs }) => ebs?.snapshotId ?? []));
  try {
    return [...ids].map((id) => copyableSnapshot(id, sourceRegion, context));
  } catch (error) {
    if (facts.ownerId === context.accountId) throw error;
    throw ec2Error('InvalidRequest', 'You do not have permission to access the storage of this ami');
  }
}

async function copySnapshots(
  imageId: string,
  { source, sources }: { readonly source: Image; readonly sources: readonly Snapshot[] },
  {
    SourceRegion: sourceRegion,
    ...options
  }: {
    readonly SourceRegion: string;
    readonly tags: readonly Tag[];
    readonly Encrypted?: boolean | undefined;
    readonly KmsKeyId?: string | undefined;
  },
  context: Ec2Context,
): Promise<void> {
  const { store, resources, now } = context;
  const copies = new Map<string, Snapshot>();
  for (const snapshot of sources) {
    const { id: sourceId } = snapshot;
    const description = `Copied for DestinationAmi ${imageId} from SourceAmi ${source.id} for SourceSnapshot ${sourceId}. Task created on ${now().toLocaleString('en-US')}.`;
    copies.set(sourceId, await insertCopy(snapshot, { description, sourceRegion, ...options }, context));
  }
  const failed = [...copies.values()].find(({ facts }) => facts.outcome === 'error');
  store.transaction(() => {
    const { facts } = resources.get<ImageFacts>('image', imageId);
    resources.setFacts<ImageFacts>(imageId, {
      ...facts,
      ...(failed && {
        outcome: 'failed',
        stateReason: { code: 'Client.InternalError', message: failed.facts.statusMessage ?? '' },
      }),
      blockDevices: source.facts.blockDevices.map((device) => ({
        ...device,
        ...(device.ebs && {
          ebs: {
            ...device.ebs,
            ...copied(device.ebs.snapshotId && copies.get(device.ebs.snapshotId)),
          },
        }),
      })),
    });
    const ids = [...copies.values()].map(({ id }) => id);
    linkSnapshots(store, imageId, ids);
  });
}

/** A device is as its snapshot is. */
function copied(copy: Snapshot | '' | undefined) {
  return copy ? { snapshotId: copy.id, encrypted: copy.facts.encrypted } : {};
}
