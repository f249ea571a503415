import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { checkBucket } from '@ec2-image/s3-upload';
import { bucket, clientFor, region } from './support/emulator.ts';
import { describe, expect, test } from './support/fixtures.ts';
import { startWeakS3 } from './support/weak-s3.ts';

const account = '123456789012';

describe('on the emulator', () => {
  test('a bucket of this account in the region of the import passes', async ({ client }) => {
    await checkBucket({ client, bucket, region });
    await checkBucket({ client, bucket, region, expectedBucketOwner: account });
  });

  test('one that is not there', async ({ client }) => {
    await expect(
      checkBucket({
        client: client,
        bucket: 'no-such-bucket',
        region,
        expectedBucketOwner: account,
      }),
    ).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET', bucket: 'no-such-bucket' });
  });

  test.for([region, 'us-east-1'])(
    'one elsewhere, asked by a client of %s',
    async (asking, { aws, observer }) => {
      const client = clientFor(aws.url, { region: asking });
      await observer.client(S3Client, { region: 'ap-south-1' }).send(
        new CreateBucketCommand({
          Bucket: `elsewhere-${asking}`,
          CreateBucketConfiguration: { LocationConstraint: 'ap-south-1' },
        }),
      );
      await expect(
        checkBucket({ client, bucket: `elsewhere-${asking}`, region: asking }),
      ).rejects.toMatchObject({ code: 'BUCKET_ELSEWHERE', bucketRegion: 'ap-south-1', region: asking });
    },
  );

  test('one of another account', async ({ client }) => {
    await expect(
      checkBucket({ client: client, bucket, region, expectedBucketOwner: '999999999999' }),
    ).rejects.toMatchObject({ code: 'BUCKET_NOT_YOURS', expectedBucketOwner: '999999999999' });
  });

  test('one that may not be listed', async ({ client, aws }) => {
    aws.faults.add({
      match: { operation: 'HeadBucket' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    await expect(
      checkBucket({ client: client, bucket, region, expectedBucketOwner: account }),
    ).rejects.toMatchObject({ code: 'BUCKET_ACCESS_DENIED' });
  });

  test('a refusal that passes says nothing about the owner', async ({ client, aws }) => {
    aws.faults.add({
      match: { operation: 'HeadBucket' },
      action: { kind: 'error', preset: 'access-denied' },
    });
    await expect(
      checkBucket({ client: client, bucket, region, expectedBucketOwner: account }),
    ).rejects.toMatchObject({ code: 'BUCKET_ACCESS_DENIED' });
  });

  test('credentials that have expired are named as such, though HEAD gives no reason', async ({
    client,
    aws,
  }) => {
    aws.faults.add({ times: 'always', action: { kind: 'error', preset: 'expired-token' } });
    await expect(
      checkBucket({ client: client, bucket, region, expectedBucketOwner: account }),
    ).rejects.toMatchObject({ code: 'CREDENTIALS_EXPIRED' });
  });

  test('a service that fails, and an abort', async ({ aws }) => {
    const client = clientFor(aws.url, { maxAttempts: 1 });
    aws.faults.add({ action: { kind: 'error', preset: 'internal-error' } });
    await expect(checkBucket({ client, bucket, region, outageTimeoutMs: 0 })).rejects.toMatchObject({
      code: 'AWS_UNREACHABLE',
    });
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(checkBucket({ client, bucket, region, signal })).rejects.toThrow('stop');
  });
});

describe('what S3 answers by', () => {
  test.each([
    ['a redirect', 301],
    ['a refusal', 403],
    ['a bad request', 400],
  ])('%s names the region of the bucket', async (_, status) => {
    await using service = await startWeakS3({
      intercept: (_request, response) => {
        response.writeHead(status, { 'x-amz-bucket-region': 'sa-east-1' }).end();
        return true;
      },
    });
    await expect(checkBucket({ client: clientFor(service.url), bucket, region })).rejects.toMatchObject({
      code: 'BUCKET_ELSEWHERE',
      bucketRegion: 'sa-east-1',
    });
  });

  test.each([
    ['', 'us-east-1'],
    ['EU', 'eu-west-1'],
    ['ca-central-1', 'ca-central-1'],
  ])('a head without it and the constraint %j: %s', async (constraint, actual) => {
    const location = `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${constraint}</LocationConstraint>`;
    await using service = await startWeakS3({
      intercept: (request, response) => {
        response.writeHead(200).end(request.method === 'HEAD' ? undefined : location);
        return true;
      },
    });
    const client = clientFor(service.url);
    await checkBucket({ client, bucket, region: actual });
    await expect(checkBucket({ client, bucket, region: 'me-south-1' })).rejects.toMatchObject({
      code: 'BUCKET_ELSEWHERE',
      bucketRegion: actual,
    });
  });

  test('a service that will not say where its bucket is passes', async () => {
    await using service = await startWeakS3({
      intercept: (request, response) => {
        response.writeHead(request.method === 'HEAD' ? 200 : 501).end();
        return true;
      },
    });
    await checkBucket({ client: clientFor(service.url, { maxAttempts: 1 }), bucket, region });
  });
});
