import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createChecksum } from '@ec2-image/checksum';
import { compareDisk, compareSample, type Disk, type FileSum, type MadeDisk } from '@ec2-image/convert';
import type { VerifiedImage } from '@ec2-image/fetch';
import { digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { CliError } from '../../errors/cli-error.ts';
import type { ProveDiskOptions } from '../snapshot-proof.ts';

/**
 * Of a disk that is made part by part: QEMU reads the image, and what it reads has to combine to the checksum of the object.
 *
 * @throws CliError, ConvertError `DISK_DIFFERS`
 */
export async function proveMadeDisk(made: MadeDisk, options: ProveDiskOptions): Promise<void> {
  const { object, extent, isOwn, seed, signal, onProgress } = options;
  const requireObject = ({ size, checksum }: FileSum) => {
    if (size !== object.size || checksum !== object.checksum.value) throw differs(made.source.path);
  };
  if (extent === 'full') return requireObject(await made.prove({ signal, onProgress }));
  await made.proveSample({ seed, signal });
  // What this run has sent is what it has made.
  if (!isOwn) requireObject(await made.sum({ signal }));
}

/**
 * Of a disk that is a file: it is compared with the image, and has the checksum of the object.
 *
 * @throws CliError, ConvertError `DISK_DIFFERS`, `COMPARISON_FAILED`
 */
export async function proveDiskFile(
  disk: Disk,
  { object, extent, seed, signal, onProgress }: ProveDiskOptions,
): Promise<void> {
  if (disk.outcome !== 'in-place') {
    if (extent === 'full') await compareDisk({ disk, signal, onProgress });
    else await compareSample({ disk, seed, signal });
  }
  if (!(await hasChecksum(disk, { object, signal }))) throw noLongerSent(disk.path);
}

/**
 * Of a disk that is the image itself, sent while it arrived: one reading of the file gives the published digest, and the checksum of
 * the object.
 *
 * @throws CliError `DISK_DIFFERS`
 */
export async function proveImage(
  { path, size, digest }: Pick<VerifiedImage, 'path' | 'size' | 'digest'>,
  { object, signal, onProgress }: ProveDiskOptions,
): Promise<void> {
  const algorithm = digestAlgorithm(digest);
  const hash = createHash(algorithm);
  let done = 0;
  const onChunk = (chunk: Buffer) => {
    hash.update(chunk);
    done += chunk.length;
    onProgress({ done, total: size });
  };
  const isObject = await hasChecksum({ path, size }, { object, signal, onChunk });
  if (!isObject || digestOf(algorithm, hash.digest('hex')) !== digest) throw noLongerSent(path);
}

/** Whether a file is what the object was sent from. */
export async function hasChecksum(
  { path, size }: Pick<Disk, 'path' | 'size'>,
  {
    object,
    signal,
    onChunk,
  }: Pick<ProveDiskOptions, 'object' | 'signal'> & { readonly onChunk?: (chunk: Buffer) => void },
): Promise<boolean> {
  if (size !== object.size) return false;
  const checksum = createChecksum('CRC32');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal })) {
    checksum.update(chunk as Buffer);
    onChunk?.(chunk as Buffer);
  }
  return checksum.digest() === object.checksum.value;
}

const hint = 'Run the same command again; if it recurs, check the memory and the disk of this machine.';

function noLongerSent(path: string): CliError {
  return new CliError('DISK_DIFFERS', `${path} is no longer what was uploaded`, { hint, facts: { path } });
}

function differs(path: string): CliError {
  return new CliError(
    'DISK_DIFFERS',
    `the object made from ${path} differs from what QEMU reads in the image`,
    {
      hint,
      facts: { path },
    },
  );
}
