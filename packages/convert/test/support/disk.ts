import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

export const run = promisify(execFile);
export const mib = 1024 ** 2;

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'convert-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface RawDiskOptions {
  /** In bytes. */
  readonly size?: number;
  /** How much of it is random, in bytes; the rest is text and zeros. */
  readonly random?: number;
  readonly bootable?: boolean;
}

/** A raw disk with an MBR, random bytes at odd places, text that compresses, and much that is zero. */
export async function makeRawDisk(path: string, options: RawDiskOptions = {}): Promise<void> {
  const { size = 12 * mib + 3 * 512, random = mib, bootable = true } = options;
  const handle = await open(path, 'w');
  try {
    await handle.truncate(size);
    if (bootable) await handle.write(bootSector(size), 0, 512, 0);
    await handle.write(randomBytes(random), 0, random, mib + 512);
    await handle.write(
      Buffer.alloc(200_001, 'the quick brown fox '),
      0,
      200_001,
      Math.min(9 * mib, size - 300_000) + 7,
    );
    // The last sector shows whether the end is kept.
    await handle.write(randomBytes(512), 0, 512, size - 512);
  } finally {
    await handle.close();
  }
}

function bootSector(size: number): Buffer {
  const sector = Buffer.alloc(512);
  sector[450] = 0x83;
  sector.writeUInt32LE(2048, 454);
  sector.writeUInt32LE(Math.floor(size / 512) - 2048, 458);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

/** Changes one bit of a file; its size and its times stay. */
export async function flipBit(path: string, offset: number): Promise<void> {
  const { atime, mtime } = await stat(path);
  const handle = await open(path, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset);
  await handle.write(Buffer.of(buffer[0]! ^ 1), 0, 1, offset);
  await handle.close();
  await utimes(path, atime, mtime);
}

export const qemuImg = (...args: string[]) => run('qemu-img', args);

/** The disk in an image is the raw one, to the byte and to the size. */
export async function expectSameDisk(image: string, driver: string, raw: string): Promise<void> {
  const { stdout } = await run('qemu-img', ['compare', '-f', driver, '-F', 'raw', image, raw]);
  if (stdout.includes('mismatch')) throw new Error(stdout);
}

/** The output of a compressor, by its own program. */
export async function compressed(
  program: 'bzip2' | 'gzip' | 'xz' | 'zstd',
  content: Buffer,
  args: readonly string[] = [],
) {
  const child = execFile(program, ['-c', ...args], { encoding: 'buffer', maxBuffer: 256 * mib });
  const output: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => output.push(chunk));
  child.stdin!.end(content);
  await new Promise<void>((resolve, reject) => {
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} exited with ${code}`)),
    );
  });
  return Buffer.concat(output);
}

export async function compressFile(
  program: 'bzip2' | 'gzip' | 'xz' | 'zstd',
  from: string,
  to: string,
  ...args: string[]
) {
  await writeFile(to, await compressed(program, await readFile(from), args));
}
