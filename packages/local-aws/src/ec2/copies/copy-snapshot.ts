import { boolean, integer, required, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { encryptionFor } from '../region-settings.ts';
import { checkIds, notFound } from '../resource-type.ts';
import { openResources, ownerOf, type Tag } from '../resources.ts';
import { type Snapshot, type SnapshotFacts, snapshotState, storageTierOf } from '../snapshots/snapshot.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import { copySnapshotBytes } from './copy-bytes.ts';

const maxDescription = 255;

/**
 * From any region into that of the call, and without the source's tags: whoever wants them gives them.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html
 */
export const copySnapshot = operation({
  fields: {
    SourceRegion: required(string),
    SourceSnapshotId: required(string),
    Description: string,
    DestinationRegion: string,
    PresignedUrl: string,
    Encrypted: boolean,
    KmsKeyId: string,
    CompletionDurationMinutes: integer,
    TagSpecification: tagSpecifications,
  },
  async run(input, context) {
    const { SourceRegion: sourceRegion, SourceSnapshotId: sourceId, Description: given } = input;
    if (input.DestinationRegion !== undefined && input.DestinationRegion !== context.region) {
      throw invalidParameterValue('The destination region must be the region that the request is sent to.');
    }
    checkEncryption(input);
    checkDuration(input.CompletionDurationMinutes, 'CompletionDurationMinutes');
    if ((given ?? '').length > maxDescription) {
      throw invalidParameterValue(
        `The description exceeds the maximum length of ${maxDescription} characters`,
      );
    }
    const tags = specifiedTags(input.TagSpecification, 'snapshot');
    const source = copyableSnapshot(sourceId, sourceRegion, context);
    const description =
      given ??
      `[Copied ${sourceId} from ${sourceRegion}] ${source.facts.description}`.slice(0, maxDescription);
    const { id } = await insertCopy(source, { description, tags, ...input }, context);
    return { snapshotId: id, tagSet: tagSet(tags) };
  },
});

/** @throws ServiceError */
export function checkEncryption({
  Encrypted: encrypted,
  KmsKeyId: key,
}: {
  readonly Encrypted?: boolean;
  readonly KmsKeyId?: string;
}): void {
  if (key !== undefined && encrypted !== true) {
    throw ec2Error('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted.');
  }
}

/** @throws ServiceError for any other number than a multiple of 15 up to 48 hours */
export function checkDuration(minutes: number | undefined, name: string): void {
  if (minutes === undefined || (minutes >= 15 && minutes <= 2880 && minutes % 15 === 0)) return;
  throw invalidParameterValue(`${name} must be a multiple of 15 between 15 and 2880.`);
}

/**
 * A complete snapshot that the caller may copy: their own, or one that is shared with them.
 *
 * @throws ServiceError
 */
export function copyableSnapshot(
  id: string,
  sourceRegion: string,
  { store, accountId, now }: Ec2Context,
): Snapshot {
  checkIds('snapshot', [id]);
  const snapshot = findAnywhere(id, sourceRegion, { store, accountId, now });
  const shared = snapshot?.facts.createVolumePermissions ?? [];
  const may =
    snapshot &&
    (snapshot.facts.ownerId === accountId || shared.includes('all') || shared.includes(accountId));
  if (!may) throw notFound('snapshot', [id]);
  const state = snapshotState(snapshot.facts, now());
  if (state !== 'completed') throw ec2Error('IncorrectState', `Snapshot is in invalid state - ${state}`);
  if (storageTierOf(snapshot.facts, now()) === 'archive') {
    throw ec2Error('IncorrectState', `The snapshot ${id} is in the archive tier.`);
  }
  return snapshot;
}

/** In the caller's account or, by its owner, in another. */
function findAnywhere(
  id: string,
  region: string,
  { store, accountId, now }: Pick<Ec2Context, 'store' | 'accountId' | 'now'>,
): Snapshot | undefined {
  const owner = ownerOf(store, { id, type: 'snapshot', region });
  return openResources({ store, accountId: owner ?? accountId, region, now }).find<SnapshotFacts>(
    'snapshot',
    id,
  );
}

/** The copy, pending for as long as a snapshot is after its import. */
export async function insertCopy(
  { id: from, facts: source }: Snapshot,
  {
    description,
    tags,
    Encrypted: encrypted = false,
    KmsKeyId: kmsKeyId,
  }: {
    readonly description: string;
    readonly tags: readonly Tag[];
    readonly Encrypted?: boolean;
    readonly KmsKeyId?: string;
  },
  context: Ec2Context,
): Promise<Snapshot> {
  const { resources, accountId, settings, now } = context;
  const copy = resources.insert<SnapshotFacts>('snapshot', {
    tags,
    facts: {
      ownerId: accountId,
      description,
      volumeSizeGiB: source.volumeSizeGiB,
      ...(source.encrypted && kmsKeyId === undefined
        ? { encrypted: true, kmsKeyId: source.kmsKeyId }
        : encryptionFor({ encrypted, kmsKeyId }, context)),
      outcome: 'completed',
      fullSizeBytes: source.fullSizeBytes,
    },
  });
  await copySnapshotBytes(context, { from, to: copy.id });
  resources.setFacts<SnapshotFacts>(copy.id, {
    ...copy.facts,
    settlesAt: now() + settings.snapshotCompletionMs,
  });
  return copy;
}
