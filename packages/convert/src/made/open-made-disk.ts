import { createChecksum } from '@ec2-image/checksum';
import { type ImageReader, openDisk, openImageReader } from '@ec2-image/disk-blocks';
import type { DiskFacts } from '../inspect-image.ts';
import type { DiskLayout } from '../layout/layout.ts';
import { type PlannedFormat, planDisk } from '../layout/plan-disk.ts';
import { bytesIn } from '../layout/present.ts';
import type { DiskFormat } from '../qemu/output-format.ts';
import { checkStructure } from './check-structure.ts';
import type { FileSum, MadeDisk, PlannedFile } from './made-disk.ts';
import { madeVmdk } from './made-vmdk.ts';
import { rangeMaker } from './make-range.ts';
import { createProveAhead } from './prove-ahead.ts';
import { proveLayout } from './prove-layout.ts';
import { proveSample } from './prove-sample.ts';
import type { VmdkMaking } from './streamed-vmdk.ts';

export interface OpenMadeDiskOptions {
  /** Inspected, and not packed. */
  readonly image: Pick<DiskFacts, 'path' | 'format' | 'virtualSize'>;
  readonly format: DiskFormat;
  /** Of the image, as published: it makes the identifiers in the file. */
  readonly digest: string;
  /** Of a VMDK that is made elsewhere: spares a proof to make all of it for that. */
  readonly vmdk?: VmdkMaking | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Plans the disk file of an image that our own reader takes.
 *
 * @returns undefined where the image has to be converted by QEMU
 */
export async function openMadeDisk(options: OpenMadeDiskOptions): Promise<MadeDisk | undefined> {
  const { image, format, digest, vmdk, signal } = options;
  const { path, virtualSize } = image;
  if (image.format !== 'qcow2' && image.format !== 'raw') return undefined;
  const { reader } = await openImageReader({ path, format: image.format, signal });
  if (!reader) return undefined;
  try {
    if (format === 'vmdk')
      return madeVmdk({
        image,
        source: { reader, present: await reader.present({ signal }), digest },
        making: vmdk,
      });
    // Which zeros of a raw file are holes differs from one file system to another, and the disk must not.
    const present = await (image.format === 'raw' ? reader.nonZero({ signal }) : reader.present({ signal }));
    const layout = planDisk({ format, virtualSize, present, digest });
    return madeFromPlan({ image, format, reader, layout, dataBytes: bytesIn(present) });
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

function madeFromPlan({
  image,
  format,
  reader,
  layout,
  dataBytes,
}: Pick<OpenMadeDiskOptions, 'image'> & {
  readonly format: PlannedFormat;
  readonly reader: ImageReader;
  readonly layout: DiskLayout;
  readonly dataBytes: number;
}): MadeDisk {
  const { path, virtualSize } = image;
  const check = (signal?: AbortSignal) => checkStructure({ layout, format, virtualSize, signal });
  const file = { size: layout.fileSize, make: rangeMaker({ layout, reader }) };
  const proof = createProveAhead(async ({ signal, onProgress }) => {
    await using disk = await openDisk({ path, format: image.format, signal });
    const checksum = await proveLayout({ layout, disk, signal, onProgress });
    await check(signal);
    return { size: file.size, checksum };
  });
  return {
    format,
    virtualSize,
    dataBytes,
    source: { path },
    file,
    prove: proof.prove,
    proveAhead: proof.proveAhead,
    async proveSample({ seed, signal }) {
      await using disk = await openDisk({ path, format: image.format, signal });
      const compared = await proveSample({ layout, reader, disk, seed, signal });
      await check(signal);
      return compared;
    },
    sum: ({ signal }) => sumOf(file, signal),
    async [Symbol.asyncDispose]() {
      await proof.ended();
      await reader[Symbol.asyncDispose]();
    },
  };
}

const rangeBytes = 8 * 2 ** 20;

async function sumOf({ size, make }: PlannedFile, signal?: AbortSignal): Promise<FileSum> {
  const checksum = createChecksum('CRC32');
  let buffer = new SharedArrayBuffer(Math.min(rangeBytes, size));
  for (let start = 0; start < size; start += rangeBytes) {
    const part = await make({ start, end: Math.min(start + rangeBytes, size) }, { buffer, signal });
    checksum.update(part.bytes);
    buffer = part.buffer;
  }
  return { size, checksum: checksum.digest() };
}
