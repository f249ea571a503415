import { GetObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { fakeClock } from '@ec2-image/aws-call/testing';
import type { LocalAws } from '@ec2-image/local-aws';
import { openTestAccount, type TestAccountOptions } from '@ec2-image/local-aws/testing';
import { digest, format, metadata, partSize } from './disks.ts';

export const region = 'eu-west-1';
export const bucket = 'images';

/** For what is not the emulator, or not with its settings. */
export function clientFor(
  url: string,
  options: {
    maxAttempts?: number;
    region?: string;
    /** `WHEN_REQUIRED`: as clients do that know of no checksums. */
    requestChecksumCalculation?: 'WHEN_REQUIRED';
  } = {},
): S3Client {
  return new S3Client({
    endpoint: url,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    ...options,
  });
}

let keys = 0;

/** An account with a bucket. */
export async function startEmulator({ conditions }: Pick<TestAccountOptions, 'conditions'>) {
  // Conditions follow from the key: which files this worker has run before must not matter.
  keys = 0;
  const account = await openTestAccount({ region, buckets: [bucket], conditions, maxAttempts: 3 });
  return {
    aws: account.aws,
    client: account.s3,
    observer: account.observer,
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

/** What `uploadDisk` is told in nearly every test; each call names another key. */
export function uploadOptions(client: S3Client) {
  const notices: string[] = [];
  keys += 1;
  return {
    client,
    bucket,
    key: `ec2-image/test-i${keys}/0123456789ab.raw`,
    digest,
    format,
    metadata,
    partSize,
    clock: fakeClock(Date.now()),
    onNotice: (message: string) => void notices.push(message),
    notices,
  };
}

export async function storedBytes(client: S3Client, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

export async function listOpenUploadIds(client: S3Client, key: string): Promise<string[]> {
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }),
  );
  return Uploads.map(({ UploadId }) => UploadId!);
}

/** How often the emulator was asked for an operation, of one key. */
export function countCalls(aws: LocalAws, operation: string, key: string): number {
  return aws.calls.list().filter((call) => call.operation === operation && call.parameters.key === key)
    .length;
}
