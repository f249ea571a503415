import { type Disk, type Extent, type ImageReader, openDisk, openDiskOf } from '@ec2-image/disk-blocks';
import { compareDisks, compareSampleOf } from '../compare-disks.ts';
import type { DiskFacts } from '../inspect-image.ts';
import { bytesIn } from '../layout/present.ts';
import { indexVmdk, type VmdkIndex, vmdkBytes } from '../layout/vmdk/vmdk-file.ts';
import type { VmdkSource } from '../layout/vmdk/vmdk-pieces.ts';
import type { MadeDisk } from './made-disk.ts';
import { streamVmdk } from './streamed-vmdk.ts';

export interface MadeVmdkOptions {
  /** Inspected, and not packed. */
  readonly image: Pick<DiskFacts, 'path' | 'format' | 'virtualSize'>;
  /** Its reader is disposed of with the disk. */
  readonly source: VmdkSource & { readonly reader: ImageReader; readonly present: readonly Extent[] };
  /** Of the same file, where it has been made already. */
  readonly index?: VmdkIndex | undefined;
}

export function madeVmdk({ image, source, index }: MadeVmdkOptions): MadeDisk {
  const { path, virtualSize } = image;
  const file = streamVmdk(source);
  const known = () => file.index() ?? index;

  /** Has QEMU read the image, and the file as it is made again. */
  async function compare(
    { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: (done: number) => void },
    compareBoth: (disks: { readonly source: Disk; readonly disk: Disk }) => Promise<number>,
  ) {
    const vmdk = known() ?? (await indexVmdk({ ...source, signal, onBytes }));
    const bytes = vmdkBytes(vmdk, { ...source, signal });
    await using read = await openDisk({ path, format: image.format, signal });
    await using disk = await openDiskOf({ bytes, format: 'vmdk', signal });
    const compared = await compareBoth({ source: read, disk });
    return { compared, size: vmdk.size, checksum: vmdk.checksum };
  }

  return {
    format: 'vmdk',
    virtualSize,
    dataBytes: bytesIn(source.present),
    source: { path },
    file,
    async prove({ signal, onProgress }) {
      const total = 2 * virtualSize;
      const onBytes = (done: number) => onProgress?.({ done, total });
      const { size, checksum } = await compare({ signal, onBytes }, (disks) =>
        compareDisks({ ...disks, signal, onBytes: (done) => onBytes(virtualSize + done) }),
      );
      return { size, checksum };
    },
    async proveSample({ seed, signal }) {
      const { compared } = await compare({ signal }, (disks) => compareSampleOf({ ...disks, seed, signal }));
      return compared;
    },
    async sum({ signal }) {
      const { size, checksum } = known() ?? (await indexVmdk({ ...source, signal }));
      return { size, checksum };
    },
    async [Symbol.asyncDispose]() {
      await file[Symbol.asyncDispose]();
      await source.reader[Symbol.asyncDispose]();
    },
  };
}
