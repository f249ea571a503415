import { oncePerToken } from '../ec2/client-tokens.ts';
import { encryptionFor, keyFor } from '../ec2/region-settings.ts';
import { newResourceId } from '../ec2/resource-type.ts';
import { inheritBlocks, listBlocks } from '../ec2/snapshots/block-table.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';
import type { SnapshotFacts } from '../ec2/snapshots/snapshot.ts';
import { hasRoomForPending, hasRoomForSnapshot } from '../ec2/snapshots/snapshot-quotas.ts';
import { checkedTags, checkTagCount } from '../ec2/tags/tag-rules.ts';
import { findKey } from '../kms/keys.ts';
import { ServiceError, type ServiceResponse } from '../service.ts';
import { checkConstraint } from './constraints.ts';
import { type EbsContext, epochSeconds, jsonAnswer } from './ebs-context.ts';
import { conflict, validation } from './errors.ts';
import { requireDecrypt, requireKey } from './key-access.ts';
import { readableSnapshot } from './snapshot-access.ts';

export interface StartSnapshotInput {
  readonly VolumeSize?: number;
  readonly ParentSnapshotId?: string;
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
  readonly Description?: string;
  readonly ClientToken?: string;
  readonly Encrypted?: boolean;
  readonly KmsKeyArn?: string;
  readonly Timeout?: number;
}

const gib = 1024 ** 3;
const minuteMs = 60_000;
const defaultTimeoutMinutes = 60;
const maxTokenLength = 255;
const constrained = [
  'VolumeSize',
  'ParentSnapshotId',
  'Description',
  'ClientToken',
  'KmsKeyArn',
  'Timeout',
] as const;

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html */
export async function startSnapshot(
  input: StartSnapshotInput,
  context: EbsContext,
): Promise<ServiceResponse> {
  const { store, resources, request, blockFiles, now } = context;
  const { accountId, region } = request;
  checkInput(input);
  const parent =
    input.ParentSnapshotId === undefined ? undefined : readableSnapshot(input.ParentSnapshotId, context);
  if (parent && parent.facts.volumeSizeGiB > input.VolumeSize!) {
    throw validation(
      'INVALID_VOLUME_SIZE',
      'The volume size must not be smaller than that of the parent snapshot',
    );
  }
  const tags = specifiedTags(input);
  if (parent) requireDecrypt(parent.facts, context);
  else checkKey(input, context);
  const { ClientToken: token, ...asked } = input;
  const newId = newResourceId('snapshot');
  const id = store.transaction(() => {
    const use = { accountId, region, operation: 'StartSnapshot', token, request: asked };
    return oncePerToken(store, { ...use, maxTokenLength, mismatch: conflict }, () => {
      checkQuotas(context);
      const timeoutMs = (input.Timeout ?? defaultTimeoutMinutes) * minuteMs;
      const { encrypted, kmsKeyId } = parent?.facts ?? encryptionOf(input, context);
      resources.insert<SnapshotFacts>('snapshot', {
        id: newId,
        tags,
        facts: {
          ownerId: accountId,
          description: input.Description ?? '',
          volumeSizeGiB: input.VolumeSize!,
          encrypted,
          kmsKeyId,
          outcome: 'completed',
          direct: { timeoutMs, parentId: parent?.id },
          timesOutAt: now() + timeoutMs,
        },
      });
      if (parent) inheritBlocks(store, newId, parent.id);
      return newId;
    });
  });
  if (id === newId) {
    await blockFiles.prepare(id, input.VolumeSize! * gib);
    if (parent) await copyBlocks(parent.id, id, context);
  }
  // The token of a snapshot that was deleted since still stands for it.
  const made = resources.find<SnapshotFacts>('snapshot', id);
  return jsonAnswer(
    201,
    {
      SnapshotId: id,
      OwnerId: accountId,
      Status: 'pending',
      StartTime: epochSeconds(made?.createdAt ?? now()),
      VolumeSize: input.VolumeSize,
      BlockSize: blockBytes,
      Description: input.Description,
      Tags: input.Tags,
      ParentSnapshotId: parent?.id,
      KmsKeyArn: made?.facts.kmsKeyId,
      SseType: made?.facts.encrypted ? 'sse-kms' : 'none',
    },
    request,
  );
}

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebsapis-using-encryption.html: without a parent. */
function encryptionOf(
  { Encrypted: encrypted, KmsKeyArn: kmsKeyId }: StartSnapshotInput,
  { store, account, request: { accountId, region } }: EbsContext,
) {
  return encryptionFor({ encrypted, kmsKeyId }, { store, account, accountId, region });
}

function checkQuotas(context: EbsContext): void {
  if (!hasRoomForSnapshot(context)) {
    throw new ServiceError(402, 'ServiceQuotaExceededException', 'You have reached the limit for snapshots.');
  }
  if (hasRoomForPending(context)) return;
  throw new ServiceError(
    400,
    'ConcurrentLimitExceededException',
    'You have reached the limit for pending snapshots.',
  );
}

function checkInput(input: StartSnapshotInput): void {
  const { Encrypted: encrypted } = input;
  if (input.VolumeSize === undefined) throw validation('INVALID_VOLUME_SIZE', 'VolumeSize is required');
  for (const name of constrained) checkConstraint(name, input[name]);
  if (encrypted !== undefined && typeof encrypted !== 'boolean') {
    throw new ServiceError(400, 'SerializationException', 'Encrypted must be a boolean');
  }
  if (input.ParentSnapshotId !== undefined && encrypted !== undefined) {
    throw invalidValue("You can't specify ParentSnapshotId and Encrypted in the same request");
  }
  if (input.KmsKeyArn !== undefined && encrypted !== true) {
    throw invalidValue('KmsKeyArn can only be specified if Encrypted is true');
  }
}

/** A key that is given has to be there; that or the account's default one is of use, and the caller's to use. */
function checkKey(input: StartSnapshotInput, context: EbsContext): void {
  const { store, request, account } = context;
  const { KmsKeyArn: given, Encrypted: encrypted } = input;
  if (given !== undefined && !findKey(store, request, given)) {
    throw new ServiceError(404, 'ResourceNotFoundException', `The KMS key '${given}' does not exist.`, {
      details: { Reason: 'DEPENDENCY_RESOURCE_NOT_FOUND' },
    });
  }
  const { accountId, region } = request;
  const key = keyFor({ encrypted, kmsKeyId: given }, { store, account, accountId, region });
  if (key) requireKey(key, context);
}

function specifiedTags({ Tags = [] }: StartSnapshotInput) {
  // Shorter than EC2's own.
  for (const { Key, Value } of Tags) {
    checkConstraint('TagKey', Key);
    checkConstraint('TagValue', Value);
  }
  try {
    const tags = checkedTags(Tags);
    checkTagCount(tags.map(({ key }) => key));
    return tags;
  } catch (error) {
    if (error instanceof ServiceError) throw validation('INVALID_TAG', error.message);
    throw error;
  }
}

async function copyBlocks(from: string, to: string, { store, blockFiles }: EbsContext): Promise<void> {
  const limit = 1000;
  for (let next = 0; ; ) {
    const indexes = listBlocks(store, from, { from: next, limit });
    for (const index of indexes) await blockFiles.write(to, index, await blockFiles.read(from, index));
    if (indexes.length < limit) return;
    next = indexes.at(-1)! + 1;
  }
}

function invalidValue(message: string): ServiceError {
  return validation('INVALID_PARAMETER_VALUE', message);
}
