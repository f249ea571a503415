import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EBSClient, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import {
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import * as api from '@ec2-image/local-aws/testing';
import { connectAccount, openTestAccount } from '@ec2-image/local-aws/testing';
import { expect, test } from 'vitest';
import { seedEc2 } from '../src/index.ts';
import { makeDirectory } from './support/process.ts';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'connectAccount',
    'openTestAccount',
    'selfSigned',
    'startForwardProxy',
    'startTlsTerminator',
  ]);
});

test('an account has its buckets in its region, and lists what is in it, of every bucket', async () => {
  await using account = await openTestAccount({ region: 'eu-west-1', buckets: ['first', 'second'] });
  const { s3, directory } = account;
  const head = await s3.send(new HeadBucketCommand({ Bucket: 'second' }));
  expect(head.BucketRegion).toBe('eu-west-1');
  await s3.send(new PutObjectCommand({ Bucket: 'first', Key: 'a', Body: 'a' }));
  await s3.send(new PutObjectCommand({ Bucket: 'second', Key: 'b', Body: 'b' }));
  await s3.send(new CreateMultipartUploadCommand({ Bucket: 'second', Key: 'c' }));
  seedEc2({
    directory,
    region: 'eu-west-1',
    snapshots: [{ id: 'snap-00000000000000001' }],
    images: [{ id: 'ami-00000000000000001', name: 'one', snapshotIds: ['snap-00000000000000001'] }],
    importTasks: [{ id: 'import-snap-00000000000000001', bucket: 'first', key: 'a' }],
  });
  expect(await account.contents()).toMatchObject({
    images: [{ ImageId: 'ami-00000000000000001' }],
    snapshots: [{ SnapshotId: 'snap-00000000000000001' }],
    tasks: [{ ImportTaskId: 'import-snap-00000000000000001' }],
    objects: ['a', 'b'],
    uploads: [{ Key: 'c' }],
  });
});

test('it counts the calls of an operation, and those with given parameters', async () => {
  await using account = await openTestAccount({ buckets: ['disks'] });
  for (const Key of ['a', 'b', 'b'])
    await account.s3.send(new PutObjectCommand({ Bucket: 'disks', Key, Body: Key }));
  expect(account.calls('PutObject')).toHaveLength(3);
  expect(account.calls('PutObject', { key: 'b' })).toHaveLength(2);
  expect(account.calls('GetObject')).toEqual([]);
});

test('it makes clients of any service, with settings of their own', async () => {
  await using account = await openTestAccount({ buckets: ['disks'] });
  await expect(
    account.client(EBSClient).send(new ListSnapshotBlocksCommand({ SnapshotId: 'snap-0000000000000000f' })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const elsewhere = account.client(S3Client, { region: 'eu-west-1' });
  expect(await elsewhere.config.region()).toBe('eu-west-1');
});

test('signatures are verified', async () => {
  await using account = await openTestAccount({ buckets: ['disks'] });
  const { accessKeyId } = account.settings.credentials;
  const forger = account.client(S3Client, { credentials: { accessKeyId, secretAccessKey: 'guessed' } });
  await expect(
    forger.send(new PutObjectCommand({ Bucket: 'disks', Key: 'a', Body: 'a' })),
  ).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
});

test('its directory goes with it, one that was given stays, and another can connect to what serves it', async () => {
  const account = await openTestAccount();
  await account[Symbol.asyncDispose]();
  expect(existsSync(account.directory)).toBe(false);

  await using given = await makeDirectory();
  {
    await using own = await openTestAccount({ directory: given.path, buckets: ['disks'] });
    await using other = connectAccount({ url: own.aws.url, directory: given.path });
    await other.s3.send(new PutObjectCommand({ Bucket: 'disks', Key: 'a', Body: 'a' }));
    expect((await own.contents()).objects).toEqual(['a']);
  }
  expect((await stat(given.path)).isDirectory()).toBe(true);
});

test('where the emulator cannot start, nothing is left behind', async () => {
  await using running = await openTestAccount();
  await expect(openTestAccount({ port: running.aws.port })).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
  });
});
