import {
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  abortUploads,
  deleteObject,
  findObject,
  readObject,
  type StoredObject,
  uploadDisk,
  verifyObject,
} from '@ec2-image/s3-upload';
import { metadata } from './support/disks.ts';
import {
  bucket,
  clientFor,
  countCalls,
  listOpenUploadIds,
  storedBytes,
  uploadOptions,
} from './support/emulator.ts';
import { calmTest as base, describe, expect } from './support/fixtures.ts';
import { startWeakS3 } from './support/weak-s3.ts';

/** Calm, as these count calls and uploads, and a lost answer makes for one more. */
const test = base
  .extend('uploaded', ({ client, directory }) => async (size = 1000) => {
    const options = uploadOptions(client);
    const { outcome, bytesSent, ...object } = await uploadDisk({
      ...options,
      disk: await directory.disk({ size }),
    });
    return { options, object: object as StoredObject, address: { Bucket: bucket, Key: options.key } };
  })
  /** Another object under the same key. */
  .extend(
    'overwrite',
    ({ client }) =>
      async (address: { readonly Bucket: string; readonly Key: string }, Body = 'another') => {
        await client.send(
          new PutObjectCommand({ ...address, Body, Metadata: metadata, ChecksumAlgorithm: 'CRC32' }),
        );
      },
  );

describe('findObject', () => {
  test('finds what uploadDisk made, by digest and format', async ({ uploaded }) => {
    const { options, object } = await uploaded();
    const found = { ...object, tags: expect.objectContaining({ 'ec2-image:source-digest': options.digest }) };
    expect(await findObject(options)).toEqual(found);
    expect(await findObject({ ...options, format: undefined })).toEqual(found);
  });

  test('nothing where there is nothing', async ({ client }) => {
    expect(await findObject(uploadOptions(client))).toBeUndefined();
  });

  test('says why it does not take what is there', async ({ uploaded }) => {
    const { options } = await uploaded();
    expect(await findObject({ ...options, digest: `sha256:${'0'.repeat(64)}` })).toBeUndefined();
    expect(await findObject({ ...options, format: 'vmdk' })).toBeUndefined();
    expect(options.notices).toHaveLength(2);
    expect(options.notices[0]).toContain('was not made for this image');
  });

  test('an object without a checksum that its uploader gave is not proven', async ({ client }) => {
    const options = uploadOptions(client);
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: options.key,
        Body: 'x',
        Metadata: metadata,
        ChecksumAlgorithm: 'CRC64NVME',
      }),
    );
    expect(await findObject(options)).toBeUndefined();
    expect(options.notices.join()).toContain('no checksum that S3 verified');
  });

  test('a refusal is an error, not an absence', async ({ client, aws }) => {
    aws.faults.add({
      match: { operation: 'HeadObject' },
      action: { kind: 'error', preset: 'access-denied' },
    });
    await expect(findObject(uploadOptions(client))).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      hint: expect.stringContaining('s3:ListBucket'),
    });
  });

  test('expired credentials are named as such, though HEAD gives no reason', async ({ aws, uploaded }) => {
    const { options } = await uploaded();
    aws.faults.add({ times: 'always', action: { kind: 'error', preset: 'expired-token' } });
    await expect(findObject(options)).rejects.toMatchObject({ code: 'CREDENTIALS_EXPIRED' });
  });
});

describe('readObject', () => {
  const size = 65 * 2 ** 20;
  const spoilt = { kind: 'flip-bit', shows: 'bytes' } as const;

  test('passes an object of several ranges, and tells how far it has come', async ({ uploaded }) => {
    const { options, object } = await uploaded(size);
    const progress: unknown[] = [];
    await readObject({ ...options, object, onProgress: (each) => progress.push(each) });
    expect(progress).toEqual([
      { done: 64 * 2 ** 20, total: size },
      { done: size, total: size },
    ]);
  });

  test('meets a bit that changed in S3, of which S3 reports nothing', async ({ aws, uploaded }) => {
    const { options, object } = await uploaded(size);
    aws.faults.add({ match: { operation: 'HeadObject' }, action: spoilt });
    await verifyObject({ ...options, object });
    await expect(readObject({ ...options, object })).rejects.toMatchObject({
      code: 'OBJECT_CORRUPT',
      key: options.key,
    });
  });

  test('resumes after a broken connection', async ({ aws, uploaded }) => {
    const { options, object } = await uploaded();
    aws.faults.add({
      match: { operation: 'GetObject' },
      times: 2,
      action: { kind: 'cut', afterBytes: 100 },
    });
    await readObject({ ...options, object });
  });

  test('does not take another object, or none, for a corrupt one', async ({ uploaded, overwrite }) => {
    const { options, object, address } = await uploaded();
    await overwrite(address);
    await expect(readObject({ ...options, object })).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    await expect(readObject({ ...options, object: { ...object, key: 'none' } })).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    });
  });

  test('does not take an object that may not be read for a corrupt one', async ({ aws, uploaded }) => {
    const { options, object } = await uploaded();
    aws.faults.add({
      match: { operation: 'GetObject' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    await expect(readObject({ ...options, object })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });
});

describe('verifyObject', () => {
  test('passes what has not changed', async ({ uploaded }) => {
    const { options, object } = await uploaded();
    await verifyObject({ ...options, object });
  });

  test('names what has', async ({ uploaded, overwrite }) => {
    const { options, object, address } = await uploaded();
    await overwrite(address);
    await expect(verifyObject({ ...options, object })).rejects.toMatchObject({
      code: 'OBJECT_CHANGED',
      differences: expect.arrayContaining([
        expect.stringMatching(/^ETag /),
        expect.stringMatching(/^size 7 /),
      ]),
    });
  });

  test('the same bytes written again are another object', async ({ uploaded }) => {
    const { options, object } = await uploaded();
    const older = { ...object, lastModified: new Date(object.lastModified.getTime() - 1000) };
    await expect(verifyObject({ ...options, object: older })).rejects.toMatchObject({
      differences: [expect.stringContaining('time of modification')],
    });
  });

  test('one that is gone', async ({ uploaded }) => {
    const { options, object } = await uploaded();
    await deleteObject({ ...options, object });
    await expect(verifyObject({ ...options, object })).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  });
});

describe('deleteObject', () => {
  test('deletes the proven one, and is content where it is gone', async ({ uploaded }) => {
    const { options, object } = await uploaded();
    expect(await deleteObject({ ...options, object })).toEqual({ leavesVersion: false });
    expect(await findObject(options)).toBeUndefined();
    await deleteObject({ ...options, object });
  });

  test('leaves another one', async ({ client, uploaded, overwrite }) => {
    const { options, object, address } = await uploaded();
    await overwrite(address);
    await expect(deleteObject({ ...options, object })).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    expect(String(await storedBytes(client, options.key))).toBe('another');
  });

  test('leaves one that was written between the look and the deletion', async ({
    client,
    aws,
    uploaded,
    overwrite,
  }) => {
    const { options, object, address } = await uploaded();
    const held = aws.faults.add({ match: { operation: 'DeleteObject' }, action: { kind: 'hang' } });
    const deletion = deleteObject({ ...options, object });
    deletion.catch(() => {});
    await held.struck;
    await overwrite(address);
    held.remove();
    await expect(deletion).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    expect(String(await storedBytes(client, options.key))).toBe('another');
  });

  test.for(['before', 'after'] as const)(
    'a connection that breaks %s it acted is looked up',
    async (when, { aws, uploaded }) => {
      const { options, object } = await uploaded();
      aws.faults.add({ match: { operation: 'DeleteObject' }, action: { kind: 'drop', when } });
      await deleteObject({ ...options, object });
      expect(await findObject(options)).toBeUndefined();
      expect(countCalls(aws, 'DeleteObject', options.key)).toBe(when === 'before' ? 2 : 1);
    },
  );

  test('in a bucket with versions, the version itself goes and the older ones stay', async ({
    client,
    aws,
    uploaded,
  }) => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    try {
      const { options, object, address } = await uploaded();
      expect(object.versionId).toMatch(/./);
      await verifyObject({ ...options, object });
      await deleteObject({ ...options, object });
      const gone = client.send(new HeadObjectCommand({ ...address, VersionId: object.versionId }));
      await expect(gone).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
      const { calls } = aws;
      const deletion = calls
        .list()
        .find((call) => call.operation === 'DeleteObject' && call.parameters.key === options.key);
      expect(deletion?.parameters.versionId).toBe(object.versionId);
    } finally {
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
    }
  });

  test('an object from before its bucket had versions goes for good', async ({ client, uploaded }) => {
    const { options, object } = await uploaded();
    const setVersioning = (Status: 'Enabled' | 'Suspended') =>
      client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));
    await setVersioning('Enabled');
    try {
      await deleteObject({ ...options, object });
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: options.key }),
      );
      expect({ Versions, DeleteMarkers }).toEqual({ Versions: [], DeleteMarkers: [] });
    } finally {
      await setVersioning('Suspended');
    }
  });

  test.for(['with', 'without'] as const)(
    'a bucket %s versions that lets nothing be deleted without a condition',
    async (versions, { client, uploaded }) => {
      const Status = versions === 'with' ? 'Enabled' : 'Suspended';
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }),
      );
      const unconditional = {
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        Resource: `arn:aws:s3:::${bucket}/*`,
        Condition: { Null: { 's3:if-match': 'true' } },
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [unconditional] });
      const { options, object } = await uploaded();
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      try {
        await deleteObject({ ...options, object });
        const { Versions = [], DeleteMarkers = [] } = await client.send(
          new ListObjectVersionsCommand({ Bucket: bucket, Prefix: options.key }),
        );
        expect({ Versions, DeleteMarkers }).toEqual({ Versions: [], DeleteMarkers: [] });
        expect(options.notices).toEqual([]);
      } finally {
        await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
        await client.send(
          new PutBucketVersioningCommand({
            Bucket: bucket,
            VersioningConfiguration: { Status: 'Suspended' },
          }),
        );
      }
    },
  );

  test('in a bucket with versions that may not be deleted: hides it, and says once that its version remains', async ({
    client,
    aws,
    uploaded,
  }) => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const denied = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObjectVersion',
      Resource: `arn:aws:s3:::${bucket}/*`,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [denied] });
    const { options, object } = await uploaded();
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    try {
      // The answer to the delete marker is lost: the look that follows finds nothing.
      const marker = { operation: 'DeleteObject', parameters: { key: options.key } };
      aws.faults.add({ match: marker, nth: 3, action: { kind: 'drop', when: 'after' } });
      expect(await deleteObject({ ...options, object })).toEqual({ leavesVersion: true });
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: options.key }),
      );
      expect(Versions.map(({ VersionId }) => VersionId)).toEqual([object.versionId]);
      expect(DeleteMarkers).toHaveLength(1);
      expect(options.notices).toEqual([
        `the old version of s3://${bucket}/${options.key} remains (delete marker only): s3:DeleteObjectVersion denied`,
      ]);
    } finally {
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
    }
  });

  test('a service without conditional deletes has it deleted after the look', async ({ directory }) => {
    await using service = await startWeakS3({ unconditional: true });
    const options = uploadOptions(clientFor(service.url));
    const disk = await directory.disk({ size: 100 });
    const object = await uploadDisk({ ...options, disk });
    await deleteObject({ ...options, object });
    expect(service.objects.size).toBe(0);
  });
});

describe('abortUploads', () => {
  test('ends every open upload of the key, and of no other', async ({ client }) => {
    const options = uploadOptions(client);
    const begin = (Key: string) => client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    await Promise.all([begin(options.key), begin(options.key), begin(`${options.key}.bak`)]);
    expect(await abortUploads(options)).toBe(2);
    expect(await listOpenUploadIds(client, `${options.key}.bak`)).toHaveLength(1);
    expect(await abortUploads(options)).toBe(0);
  });
});
