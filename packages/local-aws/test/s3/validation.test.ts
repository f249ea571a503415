import { CreateMultipartUploadCommand, type CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import { expect, testWith } from '../support/account.ts';

const test = testWith({ buckets: ['disks'] });

test.for<[string, Partial<CreateMultipartUploadCommandInput>, string]>([
  ['a KMS key without KMS', { SSEKMSKeyId: 'mine' }, 'InvalidArgument'],
  ['a KMS key beside AES256', { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'mine' }, 'InvalidArgument'],
  ['another encryption', { ServerSideEncryption: 'rot13' as 'AES256' }, 'InvalidArgument'],
  ['another storage class', { StorageClass: 'COLD' as 'STANDARD' }, 'InvalidStorageClass'],
  ['an ACL that S3 does not have', { ACL: 'everybody' as 'private' }, 'InvalidArgument'],
  ['an ACL for others', { ACL: 'public-read' }, 'AccessControlListNotSupported'],
  ['a key of 1025 bytes', { Key: 'k'.repeat(1025) }, 'KeyTooLongError'],
  ['2 KiB of metadata', { Metadata: { a: 'x'.repeat(2048) } }, 'MetadataTooLarge'],
  ['a checksum type without an algorithm', { ChecksumType: 'FULL_OBJECT' }, 'InvalidRequest'],
  [
    'a whole SHA-256 of parts',
    { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' },
    'InvalidRequest',
  ],
  ['an owner that is not an account', { ExpectedBucketOwner: 'me' }, 'InvalidBucketOwnerAWSAccountID'],
  ['eleven tags', { Tagging: Array.from({ length: 11 }, (_, n) => `k${n}=v`).join('&') }, 'InvalidTag'],
])('CreateMultipartUpload refuses %s', async ([, given, code], { account }) => {
  const command = new CreateMultipartUploadCommand({ Bucket: 'disks', Key: 'k', ...given });
  await expect(account.s3.send(command)).rejects.toMatchObject({ name: code });
});
