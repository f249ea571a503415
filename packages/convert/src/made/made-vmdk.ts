import { type Disk, type Extent, type ImageReader, openDisk } from '@ec2-image/disk-blocks';
import type { DiskFacts } from '../inspect-image.ts';
import { bytesIn } from '../layout/present.ts';
import { indexVmdk } from '../layout/vmdk/vmdk-index.ts';
import type { VmdkSource } from '../layout/vmdk/vmdk-pieces.ts';
import { requireSameSize } from '../same-size.ts';
import { unlessAborted } from '../unless-aborted.ts';
import type { MadeDisk, ProveOptions } from './made-disk.ts';
import { createProveAhead } from './prove-ahead.ts';
import { checkVmdkStructure, readGrainSums, readSampledSums, requireSameGrains } from './prove-vmdk.ts';
import { streamVmdk, type VmdkMaking } from './streamed-vmdk.ts';

export interface MadeVmdkOptions {
  /** Inspected, and not packed. */
  readonly image: Pick<DiskFacts, 'path' | 'format' | 'virtualSize'>;
  /** Its reader is disposed of with the disk. */
  readonly source: VmdkSource & { readonly reader: ImageReader; readonly present: readonly Extent[] };
  /** Of the same file, where it is made elsewhere. */
  readonly making?: VmdkMaking | undefined;
}

export function madeVmdk({ image, source, making }: MadeVmdkOptions): MadeDisk {
  const { path, format, virtualSize } = image;
  const file = streamVmdk(source);
  const indexOf = async (signal: AbortSignal | undefined) =>
    file.index() ?? making?.index() ?? indexVmdk({ ...source, signal });
  const requireWhole = ({ sizeBytes }: Disk) =>
    requireSameSize({ sourceSize: sizeBytes, diskSize: virtualSize });
  const readImage = async ({ signal, onProgress }: ProveOptions) => {
    await using disk = await openDisk({ path, format, signal });
    requireWhole(disk);
    return await readGrainSums({
      disk,
      signal,
      onBytes: (done) => onProgress?.({ done, total: virtualSize }),
    });
  };
  const proof = createProveAhead(async (options, { isAhead }) => {
    const { signal } = options;
    const read = await readImage(options);
    const index = await (isAhead ? unlessAborted((making ?? file).made, signal) : indexOf(signal));
    requireSameGrains(read.grains(), { made: index.sums, read });
    requireSameGrains(index.sums.grains(), { made: index.sums, read });
    await checkVmdkStructure({ index, virtualSize, signal });
    return { size: index.size, checksum: index.checksum };
  });
  return {
    format: 'vmdk',
    virtualSize,
    dataBytes: bytesIn(source.present),
    source: { path },
    file,
    prove: proof.prove,
    proveAhead: proof.proveAhead,
    async proveSample({ seed, signal }) {
      const index = await indexOf(signal);
      await using disk = await openDisk({ path, format, signal });
      requireWhole(disk);
      const { sums: read, grains, bytes } = await readSampledSums(disk, { seed, signal });
      requireSameGrains(grains, { made: index.sums, read });
      await checkVmdkStructure({ index, virtualSize, grains, signal });
      return bytes;
    },
    async sum({ signal }) {
      const { size, checksum } = await indexOf(signal);
      return { size, checksum };
    },
    async [Symbol.asyncDispose]() {
      await proof.ended();
      await file[Symbol.asyncDispose]();
      await source.reader[Symbol.asyncDispose]();
    },
  };
}
