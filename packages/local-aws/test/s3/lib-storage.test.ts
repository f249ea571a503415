import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { checksumOf } from '@ec2-image/checksum';
import { exampleCredentials } from '../../src/start-local-aws.ts';
import { expect, testWith } from '../support/account.ts';

const Bucket = 'disks';
const MiB = 1024 * 1024;
const disk = randomBytes(11 * MiB + 5);
const test = testWith({ buckets: [Bucket] })
  /** As a program gets it that sets nothing but the address: with `Expect`, retries and checksums of its own choice. */
  .extend('stock', { scope: 'file' }, ({ account }, { onCleanup }) => {
    const stock = new S3Client({
      endpoint: account.aws.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: exampleCredentials,
    });
    onCleanup(() => stock.destroy());
    return stock;
  });
/** As a program gets it that sets nothing but the address: with `Expect`, retries and checksums of its own choice. */

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < disk.length; at += 100_000) yield disk.subarray(at, at + 100_000);
}

async function expectDisk(stock: S3Client, Key: string) {
  const { Body } = await stock.send(new GetObjectCommand({ Bucket, Key }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(disk)).toBe(true);
}

test.for([
  ['a stream', () => Readable.from(pieces())],
  ['a buffer', () => disk],
] as const)('the stock upload of %s in parallel parts', async ([name, body], { stock }) => {
  const Key = name;
  await new Upload({
    client: stock,
    partSize: 5 * MiB,
    queueSize: 3,
    params: { Bucket, Key, Body: body() },
  }).done();
  await expectDisk(stock, Key);
});

test('with a checksum of the whole, which S3 proves', async ({ stock }) => {
  const Key = 'proven';
  const upload = new Upload({
    client: stock,
    partSize: 5 * MiB,
    params: { Bucket, Key, Body: disk, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' },
  });
  await upload.done();
  const head = await stock.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  expect([head.ChecksumCRC32, head.ChecksumType]).toEqual([checksumOf('CRC32', disk), 'FULL_OBJECT']);
});

test('the SDK’s own retries get an upload past a failing service', async ({ account, stock }) => {
  account.aws.faults.add({
    match: { operation: 'UploadPart' },
    nth: 2,
    action: { kind: 'error', preset: 'internal-error' },
  });
  const Key = 'retried';
  await new Upload({ client: stock, partSize: 5 * MiB, params: { Bucket, Key, Body: disk } }).done();
  await expectDisk(stock, Key);
});

test('buckets named by the host, as SDKs do it unless they are told otherwise', async ({
  account,
  stock,
}) => {
  const { port } = new URL(account.aws.url);
  const addresses = [{ address: '127.0.0.1', family: 4 }];
  const httpAgent = new Agent({ lookup: (_host, _options, found) => found(null, addresses) });
  const hosted = new S3Client({
    endpoint: `http://localhost:${port}`,
    region: 'us-east-1',
    credentials: exampleCredentials,
    requestHandler: { httpAgent },
  });
  await new Upload({ client: hosted, params: { Bucket, Key: 'hosted', Body: disk } }).done();
  hosted.destroy();
  await expectDisk(stock, 'hosted');
});
