import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const MiB = 2 ** 20;
/** More than is hashed before threads are started, and not a whole number of pieces. */
const warmUp = Buffer.alloc(33 * MiB + 5, 'warm-up ');

/** Has the client's emulator hash what it takes in threads from now on: the first body does not, the second starts one. */
export async function startHashThreads(s3: S3Client, Bucket: string): Promise<void> {
  for (const Key of ['first', 'second'])
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: warmUp, ChecksumAlgorithm: 'CRC32' }));
}
