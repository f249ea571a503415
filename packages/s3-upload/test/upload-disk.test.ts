import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { checksumOf } from '@ec2-image/checksum';
import type { Digest } from '@ec2-image/provenance';
import { uploadDisk } from '@ec2-image/s3-upload';
import { metadata, partSize } from './support/disks.ts';
import { bucket, countCalls, listOpenUploadIds, storedBytes, uploadOptions } from './support/emulator.ts';
import { calmTest, expect, test } from './support/fixtures.ts';

test.for<[string, number, number]>([
  ['of several parts', 3 * partSize + 1000, 4],
  ['that ends with a part', 2 * partSize, 2],
  ['of one part', partSize, 1],
  ['smaller than a part', 1000, 1],
])('a disk %s arrives whole, labelled, and proven by S3', async ([_, size, parts], { client, directory }) => {
  const disk = await directory.disk({ size });
  const options = uploadOptions(client);
  const progress: { done: number; total?: number }[] = [];
  const object = await uploadDisk({ ...options, disk, onProgress: (seen) => progress.push(seen) });

  expect(object).toMatchObject({
    bucket,
    key: options.key,
    size,
    checksum: { algorithm: 'CRC32', value: checksumOf('CRC32', disk.bytes), type: 'FULL_OBJECT' },
    provenBy: 'checksum',
    outcome: 'uploaded',
    bytesSent: size,
  });
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: options.key }));
  expect(head.Metadata).toEqual(metadata);
  expect(object.etag).toBe(head.ETag);
  expect(object.etag).toMatch(new RegExp(`-${parts}"$`));
  expect(object.lastModified).toEqual(head.LastModified);
  expect(progress).toHaveLength(parts);
  expect(progress.at(-1)).toEqual({ done: size, total: size });
  expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
  expect(options.notices).toEqual([]);
  expect(await listOpenUploadIds(client, options.key)).toEqual([]);
});

test('a disk whose file is deleted says so, and names the directory', async ({ client, directory }) => {
  const disk = await directory.disk({ size: 3 * partSize, name: 'deleted.raw' });
  await rm(disk.path);
  await expect(uploadDisk({ ...uploadOptions(client), disk })).rejects.toMatchObject({
    code: 'DISK_UNREADABLE',
    message: expect.stringContaining('the file was deleted'),
    hint: expect.stringContaining(directory.path),
    directory: directory.path,
  });
});

test('a disk that has a digest is hashed as it is sent, and is never complete without it', async ({
  client,
  directory,
}) => {
  const disk = await directory.disk({ size: 3 * partSize + 1000 });
  const sha256 = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const options = uploadOptions(client);
  const wrong = sha256(Buffer.from('another'));
  await expect(uploadDisk({ ...options, disk: { ...disk, digest: wrong } })).rejects.toMatchObject({
    code: 'DISK_CHANGED',
    message: expect.stringContaining(sha256(disk.bytes)),
  });
  const head = new HeadObjectCommand({ Bucket: bucket, Key: options.key });
  await expect(client.send(head)).rejects.toMatchObject({ name: 'NotFound' });

  await uploadDisk({ ...options, disk: { ...disk, digest: sha256(disk.bytes) } });
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});

/** A lost answer makes for one call more. */
calmTest(
  'an object that is there and proven is used, whatever the local disk has in it',
  async ({ client, directory, aws }) => {
    const options = uploadOptions(client);
    const first = await uploadDisk({ ...options, disk: await directory.disk({ size: 1000 }) });
    const other = await directory.disk({ size: 1000, seed: 2 });
    const { outcome, bytesSent, tags, ...object } = await uploadDisk({ ...options, disk: other });
    expect({ outcome, bytesSent }).toEqual({ outcome: 'found', bytesSent: 0 });
    expect(first).toMatchObject(object);
    expect(tags).toMatchObject({ 'ec2-image:source-digest': options.digest });
    expect(countCalls(aws, 'UploadPart', options.key)).toBe(1);
  },
);

test('fresh reuses neither object nor open upload', async ({ client, directory }) => {
  const options = uploadOptions(client);
  await uploadDisk({ ...options, disk: await directory.disk({ size: 1000 }) });
  const other = await directory.disk({ size: 1000, seed: 2 });
  expect(await uploadDisk({ ...options, disk: other, fresh: true })).toMatchObject({ outcome: 'uploaded' });
  expect((await storedBytes(client, options.key)).equals(other.bytes)).toBe(true);
});

test.for<[string, Record<string, string>]>([
  ['nothing', {}],
  ['another digest', { ...metadata, 'ec2-image-source-digest': `sha256:${'0'.repeat(64)}` }],
  ['another format', { ...metadata, 'ec2-image-disk-format': 'vhdx' }],
])(
  'an object labelled with %s is in the way, and is left alone',
  async ([_, Metadata], { client, directory }) => {
    const options = uploadOptions(client);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: options.key, Body: 'theirs', Metadata }));
    const disk = await directory.disk({ size: 1000 });
    await expect(uploadDisk({ ...options, disk })).rejects.toMatchObject({ code: 'KEY_TAKEN' });
    await expect(uploadDisk({ ...options, disk, fresh: true })).rejects.toMatchObject({ code: 'KEY_TAKEN' });
    expect(String(await storedBytes(client, options.key))).toBe('theirs');
  },
);

test('one without a checksum by S3 is compared with the disk: reused where equal, else replaced', async ({
  client,
  directory,
}) => {
  const disk = await directory.disk({ size: 2000 });
  const put = async (Body: Buffer) => {
    const options = uploadOptions(client);
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: options.key,
        Body,
        Metadata: metadata,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    return { options, object: await uploadDisk({ ...options, disk }) };
  };
  const equal = await put(disk.bytes);
  expect(equal.object).toMatchObject({
    outcome: 'found',
    provenBy: 'read-back',
    checksum: { value: checksumOf('CRC32', disk.bytes) },
  });
  const other = await put(Buffer.from(disk.bytes).fill(0, 7, 8));
  expect(other.object).toMatchObject({ outcome: 'uploaded', provenBy: 'checksum' });
  expect(other.options.notices.join()).toContain('does not match this disk');
});

calmTest(
  'the caller learns of the moment before completion, and can refuse it',
  async ({ client, directory, aws }) => {
    const disk = await directory.disk({ size: partSize + 1 });
    const options = uploadOptions(client);
    let partsBefore = 0;
    await uploadDisk({
      ...options,
      disk,
      beforeComplete: async () => {
        partsBefore = countCalls(aws, 'UploadPart', options.key);
      },
    });
    expect(partsBefore).toBe(2);

    const refused = uploadOptions(client);
    const reason = new Error('the disk is not the image');
    await expect(uploadDisk({ ...refused, disk, beforeComplete: () => Promise.reject(reason) })).rejects.toBe(
      reason,
    );
    expect(countCalls(aws, 'CompleteMultipartUpload', refused.key)).toBe(0);
    expect(await listOpenUploadIds(client, refused.key)).toHaveLength(1);
  },
);

test('the bucket must be the expected account’s at every call', async ({ client, directory }) => {
  const disk = await directory.disk({ size: 1000 });
  const options = { ...uploadOptions(client), disk };
  await expect(uploadDisk({ ...options, expectedBucketOwner: '999999999999' })).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
  });
  await expect(uploadDisk({ ...options, expectedBucketOwner: '123456789012' })).resolves.toMatchObject({
    outcome: 'uploaded',
  });
});

test('the caller’s client is left as it was, and uploads through one client do not meet', async ({
  client,
  directory,
}) => {
  const before = client.middlewareStack.identify();
  const disks = await Promise.all(
    [1, 2, 3].map((seed) => directory.disk({ size: 2 * partSize + seed, seed, name: `many-${seed}` })),
  );
  const uploads = disks.map((disk) => ({ ...uploadOptions(client), disk }));
  await Promise.all(uploads.map(uploadDisk));
  for (const { key, disk } of uploads) {
    expect((await storedBytes(client, key)).equals(disk.bytes)).toBe(true);
  }
  expect(client.middlewareStack.identify()).toEqual(before);
});

test.for<[string, { readonly size: number }, string]>([
  ['other than announced', { size: 999 }, 'DISK_CHANGED'],
  ['empty', { size: 0 }, 'EMPTY_DISK'],
])('a disk that is %s is refused', async ([_, { size }, code], { client, directory }) => {
  const disk = await directory.disk({ size: size && 1000 });
  const options = uploadOptions(client);
  await expect(uploadDisk({ ...options, disk: { ...disk, size } })).rejects.toMatchObject({ code });
});

test('what is written to the file after its parts were proven changes nothing', async ({
  client,
  directory,
}) => {
  const disk = await directory.disk({ size: 2 * partSize, name: 'restless.raw' });
  const options = uploadOptions(client);
  const overwrite = () => directory.disk({ size: 2 * partSize, seed: 9, name: 'restless.raw' });
  await uploadDisk({ ...options, disk, beforeComplete: overwrite });
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});
