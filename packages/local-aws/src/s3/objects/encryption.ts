import { whyKeyDenied } from '../../kms/key-use.ts';
import { findKey, type KmsKey, managedKey, whyUnusable } from '../../kms/keys.ts';
import { ServiceError } from '../../service.ts';
import { type Bucket, findBucket } from '../buckets/bucket-table.ts';
import { invalidArgument, s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  /** An ARN. */
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

/** What a bucket's new objects get that ask for nothing. The key as it was put. */
export type BucketEncryption = Encryption;

export function bucketEncryptionOf({ encryption }: Pick<Bucket, 'encryption'>): BucketEncryption {
  return encryption === null ? { algorithm: 'AES256' } : (JSON.parse(encryption) as BucketEncryption);
}

/** As the request or else the bucket says; the key is there, of use, and the caller's to encrypt with. */
export function readEncryption(call: S3Call): Encryption {
  const asked = askedOf(call);
  if (asked.algorithm === 'AES256') return asked;
  const key = keyOf(asked.keyId, call);
  const reason = whyUnusable(key);
  if (reason !== undefined) throw new ServiceError(400, whyCode(key), reason);
  requireKey(key, ['GenerateDataKey'], call);
  return { ...asked, keyId: key.arn };
}

function askedOf(call: S3Call): Encryption {
  const algorithm = call.header('x-amz-server-side-encryption');
  const keyId = call.header('x-amz-server-side-encryption-aws-kms-key-id');
  if (algorithm === undefined && keyId === undefined) {
    const bucket = findBucket(call.store, call.bucketName);
    return bucket ? bucketEncryptionOf(bucket) : { algorithm: 'AES256' };
  }
  if (algorithm === undefined || algorithm === 'AES256') {
    if (keyId === undefined) return { algorithm: 'AES256' };
    throw invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      algorithm ?? 'AES256',
    );
  }
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') {
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      algorithm,
    );
  }
  return {
    algorithm,
    ...(keyId !== undefined && { keyId }),
    ...(call.header('x-amz-server-side-encryption-bucket-key-enabled') === 'true' && { bucketKey: true }),
  };
}

/** The account's own key for S3, where none is named. */
function keyOf(keyId: string | undefined, { store, request }: S3Call): KmsKey {
  if (keyId === undefined) return managedKey(request, 's3');
  const key = findKey(store, request, keyId);
  if (key) return key;
  throw new ServiceError(400, 'KMS.NotFoundException', `Invalid keyId '${keyId}'`);
}

function whyCode({ state }: KmsKey): string {
  if (state === 'Disabled') return 'KMS.DisabledException';
  return state === 'PendingDeletion' ? 'KMS.KMSInvalidStateException' : 'KMS.InvalidKeyUsageException';
}

/**
 * Of an object that is there, or an upload that adds to one: whoever reads, or sends a part, decrypts.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function requireDecrypt({ algorithm, keyId }: Encryption, call: S3Call): void {
  if (algorithm === 'AES256' || keyId === undefined) return;
  const key = findKey(call.store, call.request, keyId);
  if (key) requireKey(key, ['Decrypt'], call);
}

function requireKey(key: KmsKey, actions: readonly string[], { permissions }: S3Call): void {
  const denied = whyKeyDenied({ key, actions, via: 's3' }, permissions);
  if (denied !== undefined) throw s3Error('AccessDenied', { message: denied });
}

/** Those of a request that asks for an encryption itself: none where it leaves it to the bucket. */
export function askedEncryptionHeaders({ header }: S3Call): Record<string, string | undefined> {
  return Object.fromEntries(
    ['x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id'].map((name) => [
      name,
      header(name),
    ]),
  );
}

export function encryptionHeaders({ algorithm, keyId, bucketKey }: Encryption): Record<string, string> {
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(keyId && { 'x-amz-server-side-encryption-aws-kms-key-id': keyId }),
    ...(bucketKey && { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' }),
  };
}
