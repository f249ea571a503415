import { type FileHandle, open, rm } from 'node:fs/promises';
import { type ImageFacts, inspectImage } from '@ec2-image/convert';
import { type Block, blockSizeBytes, openDisk, openImageReader } from '@ec2-image/disk-blocks';
import {
  type ByteSource,
  bufferSource,
  efiPartitionsOf,
  type PartitionTable,
  partitionTableBytes,
  readPartitionTable,
} from '@ec2-image/image-headers';
import { type ContentOptions, openContent } from '../content.ts';

/** A disk as far as its boot code is in it. */
export interface BootSource {
  readonly disk: ByteSource;
  readonly table: Pick<PartitionTable, 'partitions'>;
}

/** Of an image file. What is packed is unpacked from the front as far as the last EFI system partition reaches. */
export async function withBootSource<T>(
  options: ContentOptions & {
    readonly spoolPath: string;
    /** Of the image, where it has been inspected. */
    readonly facts?: ImageFacts;
  },
  use: (source: BootSource) => Promise<T>,
): Promise<T> {
  const facts = options.facts ?? (await inspectImage(options));
  if (facts.packing !== undefined) {
    await using content = await openContent(options);
    await using scan = createBootScan({ sizeBytes: content.virtualSizeBytes, spoolPath: options.spoolPath });
    for await (const block of content.blocks(options)) {
      await scan.add(block);
      block.release();
      if (scan.isComplete) break;
    }
    return await use(await scan.source());
  }
  await using disk = await openForReading({ ...facts, signal: options.signal });
  return await use({ disk, table: await readPartitionTable(disk) });
}

type Format = Parameters<typeof openDisk>[0]['format'];

async function openForReading({
  path,
  format,
  signal,
}: {
  readonly path: string;
  readonly format: Format;
  readonly signal?: AbortSignal;
}): Promise<ByteSource & AsyncDisposable> {
  const own = format === 'qcow2' ? (await openImageReader({ path, format, signal })).reader : undefined;
  if (own) {
    return {
      size: own.sizeBytes,
      async read(start, length) {
        const end = Math.min(start + length, own.sizeBytes);
        if (end <= start) return Buffer.alloc(0);
        const offset = Math.floor(start / sectorBytes) * sectorBytes;
        const whole = Math.ceil(end / sectorBytes) * sectorBytes - offset;
        const stretches = [{ offset, length: whole, at: 0 }];
        const { data } = await own.fill({ length: whole, stretches, signal });
        return data.subarray(start - offset, end - offset);
      },
      [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
    };
  }
  const disk = await openDisk({ path, format, signal });
  return {
    size: disk.sizeBytes,
    async read(offset, length) {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, disk.sizeBytes - offset)));
      if (buffer.length > 0) await disk.readInto(buffer, offset);
      return buffer;
    },
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  };
}

const sectorBytes = 512;

/** A file without a name, so that nothing of it is left however the run ends. */
async function openSpool(path: string): Promise<FileHandle> {
  const file = await open(path, 'w+', 0o600);
  await rm(path, { force: true });
  return file;
}

/** Keeps of a disk that goes by, block by block, what its boot code is read from. */
export interface BootScan extends AsyncDisposable {
  /** In order; blocks of zeros may be left out. */
  add(block: Block): Promise<void>;
  /** Nothing more is needed. */
  readonly isComplete: boolean;
  /** What was kept. Valid until the scan is disposed of. */
  source(): Promise<BootSource>;
}

/** @param options.spoolPath where the EFI system partitions go meanwhile, in a sparse file */
export function createBootScan({
  sizeBytes,
  spoolPath,
}: {
  readonly sizeBytes: number;
  readonly spoolPath: string;
}): BootScan {
  const head = Buffer.alloc(Math.min(sizeBytes, partitionTableBytes));
  let table: PartitionTable | undefined;
  let end = head.length;
  let spool: FileHandle | undefined;
  const readTable = async () => {
    table ??= await readPartitionTable(bufferSource(head), { isWhole: false });
    end = Math.max(head.length, ...efiPartitionsOf(table).map(({ offset, size }) => offset + size));
    return table;
  };
  const scan = {
    isComplete: false,
    async add({ index, data }: Block) {
      const at = index * blockSizeBytes;
      if (at < head.length) {
        data.copy(head, at);
        return;
      }
      const efi = efiPartitionsOf(table ?? (await readTable()));
      if (efi.some(({ offset, size }) => at < offset + size && at + data.length > offset)) {
        spool ??= await openSpool(spoolPath);
        await spool.write(data, 0, data.length, at);
      }
      scan.isComplete = at + data.length >= end;
    },
    async source() {
      const disk: ByteSource = {
        size: sizeBytes,
        async read(offset, length) {
          const buffer = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - offset)));
          if (spool && offset + buffer.length > head.length)
            await spool.read(buffer, 0, buffer.length, offset);
          if (offset < head.length) head.copy(buffer, 0, offset);
          return buffer;
        },
      };
      return { disk, table: await readTable() };
    },
    async [Symbol.asyncDispose]() {
      await spool?.close();
    },
  };
  return scan;
}
