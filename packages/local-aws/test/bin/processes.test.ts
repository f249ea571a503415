import { randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { makeDirectory, startProcess } from '../support/process.ts';

const Bucket = 'disks';
const part = randomBytes(5 * 1024 * 1024);

function clientOf(url: string) {
  return new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}
async function bytesOf(client: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

test('what was answered is there after kill -9, and nothing that was not', async () => {
  await using directory = await makeDirectory();
  await using first = await startProcess(directory.path, '--bucket', Bucket);
  const before = clientOf(first.url);
  await before.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'kept' }));
  const { UploadId } = await before.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' }));
  const upload = { Bucket, Key: 'upload', UploadId };
  const answered: { PartNumber: number; ETag: string | undefined }[] = [];
  const sending = Array.from({ length: 12 }, (_, index) => index + 1).map(async (PartNumber) => {
    const { ETag } = await before.send(new UploadPartCommand({ ...upload, PartNumber, Body: part }));
    answered.push({ PartNumber, ETag });
    if (answered.length === 3) first.server.kill('SIGKILL');
  });
  await Promise.allSettled(sending);
  await first.server;
  before.destroy();

  await using second = await startProcess(directory.path);
  const after = clientOf(second.url);
  expect((await bytesOf(after, 'k')).toString()).toBe('kept');
  const { Parts = [] } = await after.send(new ListPartsCommand(upload));
  const listed = Parts.map(({ PartNumber, ETag, Size }) => ({ PartNumber, ETag, Size }));
  const byNumber = answered.toSorted((a, b) => a.PartNumber - b.PartNumber);
  expect(listed).toEqual(expect.arrayContaining(byNumber.map((sent) => ({ ...sent, Size: part.length }))));
  await after.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: listed } }));
  expect((await bytesOf(after, 'upload')).equals(Buffer.concat(listed.map(() => part)))).toBe(true);
  after.destroy();
  second.server.kill('SIGTERM');
  await second.server;
});

test('two processes serve one directory as one', async () => {
  await using directory = await makeDirectory();
  await using first = await startProcess(directory.path, '--bucket', Bucket);
  await using second = await startProcess(directory.path, '--bucket', Bucket);
  const [one, other] = [clientOf(first.url), clientOf(second.url)];
  const { UploadId } = await one.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' }));
  const upload = { Bucket, Key: 'upload', UploadId };
  const sent = await Promise.all(
    [one, other].map((client, index) =>
      client.send(new UploadPartCommand({ ...upload, PartNumber: index + 1, Body: part })),
    ),
  );
  const Parts = sent.map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }));
  await other.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  expect((await bytesOf(one, 'upload')).length).toBe(2 * part.length);

  // Each a race for one key: whoever wins, there is one winner, and its bytes are there.
  for (let race = 0; race < 10; race += 1) {
    const Key = `race-${race}`;
    const results = await Promise.allSettled(
      [one, other].map((client, index) =>
        client.send(new PutObjectCommand({ Bucket, Key, Body: `by ${index}`, IfNoneMatch: '*' })),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect((await bytesOf(winner === 0 ? other : one, Key)).toString()).toBe(`by ${winner}`);
  }
  one.destroy();
  other.destroy();
  for (const { server } of [first, second]) {
    server.kill('SIGINT');
    expect((await server).exitCode).toBe(0);
  }
});
