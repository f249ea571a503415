import { boolean, integer, required, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { checkIds, notFound } from '../resource-type.ts';
import { openResources, ownerOf, type Tag } from '../resources.ts';
import { type Snapshot, type SnapshotFacts, snapshotState, storageTierOf } from '../snapshots/snapshot.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import { copySnapshotBytes } from './copy-bytes.ts';
import { copyEncryption } from './copy-encryption.ts';
import { beginCopy, countSnapshotCopies } from './pending-copies.ts';

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
    checkEncrypted([source], input);
    const description =
      given ??
      `[Copied ${sourceId} from ${sourceRegion}] ${source.facts.description}`.slice(0, maxDescription);
    checkCopyCount(1, context);
    const { id } = await insertCopy(source, { description, tags, sourceRegion, ...input }, context);
    beginCopy(id, context);
    return { snapshotId: id, tagSet: tagSet(tags) };
  },
});

/** @throws ServiceError in EC2's words: https://github.com/hashicorp/packer/issues/7410 */
export function checkEncrypted(
  sources: readonly Snapshot[],
  { Encrypted: encrypted }: { readonly Encrypted?: boolean },
): void {
  const source = encrypted === false ? sources.find(({ facts }) => facts.encrypted) : undefined;
  if (!source) return;
  throw ec2Error(
    'InvalidRequest',
    `Snapshot ${source.id} is encrypted. Creating an unencrypted copy from an encrypted snapshot is not supported.`,
  );
}

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

/**
 * The copy, pending until {@link beginCopy} lets it end.
 *
 * @throws ServiceError where as many copies arrive in the region as may
 */
export async function insertCopy(
  { id: from, facts: source }: Snapshot,
  {
    description,
    tags,
    sourceRegion,
    ...encryption
  }: {
    readonly description: string;
    readonly tags: readonly Tag[];
    readonly sourceRegion: string;
    readonly Encrypted?: boolean | undefined;
    readonly KmsKeyId?: string | undefined;
  },
  context: Ec2Context,
): Promise<Snapshot> {
  const { resources, accountId, faults, call } = context;
  const { failure: keyFailure, ...encrypted } = copyEncryption(
    source,
    { sourceRegion, ...encryption },
    context,
  );
  const failure = faults.take('copy-fails', call)?.statusMessage ?? keyFailure;
  const copy = resources.insert<SnapshotFacts>('snapshot', {
    tags,
    facts: {
      ownerId: accountId,
      description,
      volumeSizeGiB: source.volumeSizeGiB,
      ...encrypted,
      isCopy: true,
      fullSizeBytes: source.fullSizeBytes,
      ...(failure === undefined ? { outcome: 'completed' } : { outcome: 'error', statusMessage: failure }),
    },
  });
  if (failure === undefined) await copySnapshotBytes(context, { from, to: copy.id });
  return copy;
}

/** @throws ServiceError in EC2's words: https://github.com/aws-samples/copy-encrypted-ami/issues/3 */
export function checkCopyCount(copies: number, context: Ec2Context): void {
  const { snapshotCopies } = context.account.quotas;
  if (snapshotCopies === Number.POSITIVE_INFINITY) return;
  if (countSnapshotCopies(context) + copies <= snapshotCopies) return;
  throw ec2Error(
    'ResourceLimitExceeded',
    `Too many snapshot copies in progress. The limit is ${snapshotCopies} for this destination region.`,
  );
}
