import { createHash } from 'node:crypto';
import { open, truncate } from 'node:fs/promises';
import { type ImageReader, openImageReader } from '@ec2-image/disk-blocks';
import { execa } from 'execa';

/** Bytes that do not compress, the same for the same name. */
export function noise(name: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) =>
    createHash('sha512').update(`${name} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** A raw disk of an odd number of sectors with noise, text, written zeros and holes, at odd places too. */
export async function makeDisk(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, 'w');
  const write = (bytes: Buffer, at: number) => file.write(bytes, 0, bytes.length, at);
  await write(noise('first', 70_000), 0);
  await write(Buffer.alloc(200_000, 'the quick brown fox '), 300_032);
  await write(Buffer.alloc(100_000), 700_000);
  await write(noise('sector', 512), 1_000_448);
  await write(Buffer.alloc(80_000, 7), Math.floor(sizeBytes / 2));
  await write(noise('last', 1000), sizeBytes - 1000);
  await truncate(path, sizeBytes);
}

export async function convert(from: string, to: string, options: readonly string[]): Promise<void> {
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...options, from, to]);
}

export async function openReader(path: string, format: 'qcow2' | 'raw' = 'qcow2'): Promise<ImageReader> {
  const { reader, refusal } = await openImageReader({ path, format });
  if (refusal) throw refusal;
  return reader;
}

/** The whole disk, read in stretches of this length. */
export async function readDisk(reader: ImageReader, step = reader.sizeBytes): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < reader.sizeBytes; offset += step) {
    const length = Math.min(step, reader.sizeBytes - offset);
    const { data } = await reader.fill({ length, stretches: [{ at: 0, offset, length }] });
    parts.push(data);
  }
  return Buffer.concat(parts);
}
