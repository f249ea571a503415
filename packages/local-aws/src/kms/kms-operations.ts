import { parsePolicy } from '@ec2-image/iam-policy';
import { ServiceError } from '../service.ts';
import type { Store } from '../store/store.ts';
import {
  findKey,
  insertAlias,
  insertKey,
  type KeyPlace,
  type KmsKey,
  setKeyPolicy,
  setKeyState,
} from './keys.ts';

export interface KmsContext {
  readonly place: KeyPlace;
  readonly store: Store;
  readonly now: () => number;
}

type Input = Readonly<Record<string, unknown>>;

const dayMs = 24 * 60 * 60 * 1000;

/** What is needed to have keys in each of their states, and to describe one. It encrypts nothing by itself. */
export const kmsOperations: Readonly<Record<string, (input: Input, context: KmsContext) => object>> = {
  CreateKey(input, { place, store, now }) {
    const key = insertKey(store, place, {
      spec: optionalText(input, 'KeySpec') ?? 'SYMMETRIC_DEFAULT',
      usage: optionalText(input, 'KeyUsage') ?? 'ENCRYPT_DECRYPT',
      description: optionalText(input, 'Description') ?? '',
      policy: checkedPolicy(optionalText(input, 'Policy')),
      createdAt: now(),
    });
    return { KeyMetadata: metadataOf(key, place) };
  },

  CreateAlias(input, { place, store }) {
    const name = text(input, 'AliasName');
    if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.startsWith('alias/aws/')) {
      throw new ServiceError(400, 'InvalidAliasNameException', `${name} is not a valid alias`);
    }
    const { keyId } = customerKey(text(input, 'TargetKeyId'), { place, store });
    if (insertAlias(store, place, { name, keyId })) return {};
    throw new ServiceError(400, 'AlreadyExistsException', `An alias with the name ${name} already exists`);
  },

  DescribeKey(input, { place, store }) {
    return { KeyMetadata: metadataOf(knownKey(text(input, 'KeyId'), { place, store }), place) };
  },

  GetKeyPolicy(input, { place, store }) {
    checkPolicyName(input);
    return {
      Policy: knownKey(text(input, 'KeyId'), { place, store }).policy,
      PolicyName: 'default',
    };
  },

  PutKeyPolicy(input, { place, store }) {
    checkPolicyName(input);
    const key = customerKey(text(input, 'KeyId'), { place, store });
    setKeyPolicy(store, place, { ...key, policy: checkedPolicy(text(input, 'Policy'))! });
    return {};
  },

  DisableKey: (input, context) => changeState(input, context, 'Disabled'),
  EnableKey: (input, context) => changeState(input, context, 'Enabled'),

  ScheduleKeyDeletion(input, { place, store, now }) {
    const key = customerKey(text(input, 'KeyId'), { place, store });
    setKeyState(store, place, { ...key, state: 'PendingDeletion' });
    const days = Number(input.PendingWindowInDays ?? 30);
    return {
      KeyId: key.arn,
      KeyState: 'PendingDeletion',
      PendingWindowInDays: days,
      DeletionDate: (now() + days * dayMs) / 1000,
    };
  },
};

/** A key has one policy, and it is called so. */
function checkPolicyName(input: Input): void {
  const name = optionalText(input, 'PolicyName') ?? 'default';
  if (name === 'default') return;
  throw new ServiceError(400, 'NotFoundException', `No such policy exists: ${name}`);
}

function checkedPolicy(policy: string | undefined): string | undefined {
  if (policy === undefined) return undefined;
  try {
    parsePolicy(policy, 'resource');
    return policy;
  } catch (error) {
    throw new ServiceError(400, 'MalformedPolicyDocumentException', (error as Error).message);
  }
}

function changeState(
  input: Input,
  { place, store }: KmsContext,
  state: 'Enabled' | 'Disabled',
): Record<string, never> {
  const key = customerKey(text(input, 'KeyId'), { place, store });
  if (key.state === 'PendingDeletion') {
    throw new ServiceError(400, 'KMSInvalidStateException', `${key.arn} is pending deletion.`);
  }
  setKeyState(store, place, { ...key, state });
  return {};
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
function metadataOf(key: KmsKey, place: KeyPlace): object {
  return {
    AWSAccountId: key.arn.split(':')[4] ?? place.accountId,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: key.createdAt / 1000,
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    Origin: 'AWS_KMS',
    KeyManager: key.isManaged ? 'AWS' : 'CUSTOMER',
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    MultiRegion: false,
  };
}

function knownKey(given: string, { place, store }: Omit<KmsContext, 'now'>): KmsKey {
  const [, , , region] = given.split(':');
  if (region !== undefined && region !== place.region) {
    throw new ServiceError(400, 'NotFoundException', `Invalid arn ${region}`);
  }
  const key = findKey(store, place, given);
  if (key) return key;
  const { accountId } = place;
  const arn = given.startsWith('arn:')
    ? given
    : `arn:aws:kms:${place.region}:${accountId}:${given.startsWith('alias/') ? '' : 'key/'}${given}`;
  throw given.includes('alias/')
    ? new ServiceError(400, 'NotFoundException', `Alias ${arn} is not found.`)
    : new ServiceError(400, 'NotFoundException', `Key '${arn}' does not exist`);
}

function customerKey(given: string, context: Omit<KmsContext, 'now'>): KmsKey {
  const key = knownKey(given, context);
  if (!key.isManaged) return key;
  throw new ServiceError(400, 'AccessDeniedException', `${key.arn} is managed by AWS`);
}

function text(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value !== undefined) return value;
  throw new ServiceError(400, 'ValidationException', `${name} is required`);
}

function optionalText(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || (typeof value === 'string' && value.length > 0)) return value;
  throw new ServiceError(400, 'SerializationException', `${name} must be a string`);
}
