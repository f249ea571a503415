import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { expect } from 'vitest';

export const bucket = 'disks';
export const formats = ['RAW', 'VHD', 'VHDX', 'VMDK'] as const;
export type Format = (typeof formats)[number];

const options: Readonly<Record<Format, readonly string[]>> = {
  RAW: ['-O', 'raw'],
  VHD: ['-O', 'vpc', '-o', 'force_size=on'],
  VHDX: ['-O', 'vhdx', '-o', 'block_size=1M,log_size=1M'],
  VMDK: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'],
};

/** A small disk, with data, zeros and a boot record, as a raw file and in what formats are asked for. */
export interface Disk extends AsyncDisposable {
  readonly rawPath: string;
  readonly sizeBytes: number;
  /** The bytes of an image file: of one of EC2's formats, or of whatever qemu-img is told. */
  as(format: Format | readonly string[]): Promise<Buffer>;
}

export async function makeDisk(sizeBytes = 3 * 1024 ** 2 + 512): Promise<Disk> {
  const directory = await mkdtemp(join(tmpdir(), 'local-aws-disk-'));
  const rawPath = join(directory, 'disk.raw');
  const file = await open(rawPath, 'w');
  await file.truncate(sizeBytes);
  await file.write(Buffer.from([0x55, 0xaa]), 0, 2, 510);
  for (const at of [4096, 1024 ** 2 + 300, sizeBytes - 5000])
    await file.write(randomBytes(5000), 0, 5000, at);
  await file.close();
  let made = 0;
  return {
    rawPath,
    sizeBytes,
    async as(format) {
      made += 1;
      const path = join(directory, `image-${made}`);
      const given = typeof format === 'string' ? options[format as Format] : format;
      await execa('qemu-img', ['convert', '-f', 'raw', ...given, rawPath, path]);
      return readFile(path);
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

export async function makeBucket(s3: S3Client): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
}

export async function putObject(s3: S3Client, key: string, body: Buffer | string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

/** @throws where the files hold different disks, or one is longer */
export async function compareRaw(a: string, b: string): Promise<void> {
  await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', a, b]);
  const sizes = await Promise.all([a, b].map(async (path) => (await stat(path)).size));
  expect(sizes[0]).toBe(sizes[1]);
}
