import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bucket } from '../support/account.ts';
import { publishImages } from '../support/images.ts';
import { openStage } from './support.ts';

const operations = ['PutObject', 'CreateMultipartUpload', 'AbortMultipartUpload', 'DeleteObject'];

test('a doctor whose answers are lost finds nothing wrong, and leaves nothing in a versioned bucket', async () => {
  await using images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 });
  await using stage = await openStage(images, { conditions: 'adverse' });
  const { s3, aws, contents } = stage.account;
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  for (const operation of operations) {
    aws.faults.add({ match: { service: 's3', operation }, action: { kind: 'drop', when: 'after' } });
  }
  // Each of the deletions that come after: of versions, and what leaves a marker.
  for (const nth of [3, 5, 7, 9]) {
    const match = { service: 's3', operation: 'DeleteObject' } as const;
    aws.faults.add({ match, nth, action: { kind: 'drop', when: 'after' } });
  }
  const { check } = await stage.doctor();
  expect(check(`objects in ${bucket}`)).toMatchObject({ state: 'ok' });
  const first = aws.faults.list().slice(0, operations.length);
  expect(first.map(({ struck }) => struck)).toEqual(operations.map(() => 1));
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  const { uploads } = await contents();
  expect({ Versions, DeleteMarkers, uploads }).toEqual({ Versions: [], DeleteMarkers: [], uploads: [] });
});
