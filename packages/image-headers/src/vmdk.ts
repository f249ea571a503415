import { type ByteSource, readSpan, requireInside } from './byte-source.ts';
import { corrupt, ImageHeaderError, truncated, unsupported } from './errors.ts';
import { sectorSize, virtualSizeOf } from './virtual-size.ts';
import { requireSelfContained } from './vmdk-descriptor.ts';
import { requireGrains } from './vmdk-grains.ts';

/** Names as in VMware's Virtual Disk Format 5.0; all fields are little-endian, and positions count sectors. */
const grainDirectoryAtEnd = 0xffffffffffffffffn;
const footerMarker = 3;
const compressionDeflate = 1;
/** Where every writer puts the descriptor, and where QEMU looks for a parent, in sectors, whatever the header says. */
const descriptorSector = 1n;
const qemuDescriptorSectors = 20;
const maxDescriptorBytes = 1024 ** 2;
/** A reader holds a whole grain in memory; 64 KiB is usual, and 2 MiB more than anybody writes. */
const maxGrainSectors = 4096n;
/** QEMU's own limit. */
const maxGrainTables = 32n * 1024n ** 2n;

export interface VmdkHeader {
  readonly virtualSize: number;
  readonly streamOptimized: boolean;
}

/** @throws ImageHeaderError */
export async function readVmdk(source: ByteSource): Promise<VmdkHeader> {
  const header = await readSpan(source, { offset: 0, length: sectorSize, what: 'the VMDK header' });
  if (!header.subarray(73, 77).equals(Buffer.from('\n \r\n'))) {
    throw corrupt('the VMDK header shows that the file was transferred as text: its line ends were changed');
  }
  await requireDescriptor(source, header);
  // The footer of a streamed VMDK takes the header's place, so both are held to the same rules.
  const atEnd = header.readBigUInt64LE(56) === grainDirectoryAtEnd;
  const effective = atEnd ? await readFooter(source) : header;
  if (atEnd) requirePlausible(header);
  requirePlausible(effective);
  const virtualSize = virtualSizeOf(effective.readBigUInt64LE(12) * BigInt(sectorSize));
  await requireContent(source, effective);
  return {
    virtualSize,
    streamOptimized: effective.readUInt16LE(77) === compressionDeflate,
  };
}

async function requireDescriptor(source: ByteSource, header: Buffer): Promise<void> {
  const sector = header.readBigUInt64LE(28);
  const sectors = header.readBigUInt64LE(36);
  if (sector !== descriptorSector || sectors === 0n) {
    throw new ImageHeaderError(
      'VMDK_NOT_SELF_CONTAINED',
      'the VMDK has no descriptor of its own: it is one extent of a disk that other files describe',
      { hint: 'Use a monolithicSparse or streamOptimized VMDK, which holds the disk itself.' },
    );
  }
  const length = Number(sectors) * sectorSize;
  if (length > maxDescriptorBytes) throw corrupt(`the VMDK descriptor of ${length} bytes is above 1 MiB`);
  requireInside(source, { offset: sectorSize, length, what: 'the VMDK descriptor' });
  const area = await source.read(sectorSize, Math.max(length, qemuDescriptorSectors * sectorSize));
  const end = area.indexOf(0);
  requireSelfContained(area.subarray(0, end < 0 ? area.length : end).toString('latin1'));
}

/** A streamed VMDK ends in three sectors: a marker, the footer, and the end-of-stream marker. */
async function readFooter(source: ByteSource): Promise<Buffer> {
  const tail = await readSpan(source, {
    offset: Math.floor(source.size / sectorSize) * sectorSize - 3 * sectorSize,
    length: 3 * sectorSize,
    what: 'the VMDK footer',
  });
  const footer = tail.subarray(sectorSize, 2 * sectorSize);
  const endOfStream = tail.subarray(2 * sectorSize, 2 * sectorSize + 16);
  const isMarked = tail.readUInt32LE(8) === 0 && tail.readUInt32LE(12) === footerMarker;
  if (!isMarked || footer.subarray(0, 4).toString('latin1') !== 'KDMV' || endOfStream.some((b) => b !== 0)) {
    throw truncated('the VMDK has no footer at its end, though its header says so', {
      fileSize: source.size,
    });
  }
  return footer;
}

function requirePlausible(header: Buffer): void {
  const version = header.readUInt32LE(4);
  const capacity = header.readBigUInt64LE(12);
  const grainSectors = header.readBigUInt64LE(20);
  const entriesPerTable = BigInt(header.readUInt32LE(44));
  const compression = header.readUInt16LE(77);
  if (version < 1 || version > 3) throw unsupported(`VMDK version ${version} is not known`, { version });
  // Given a capacity of 0, QEMU would take the extents from the descriptor, and open what they name.
  if (capacity === 0n) {
    throw new ImageHeaderError(
      'VMDK_NOT_SELF_CONTAINED',
      'the VMDK holds no disk of its own: its capacity is 0',
      {
        hint: 'Use a monolithicSparse or streamOptimized VMDK, which holds the disk itself.',
      },
    );
  }
  if (compression > compressionDeflate) throw unsupported(`VMDK compression ${compression} is not known`);
  if (grainSectors < 1n || grainSectors > maxGrainSectors || (grainSectors & (grainSectors - 1n)) !== 0n) {
    throw corrupt(`the VMDK grain of ${grainSectors} sectors is not a power of two up to ${maxGrainSectors}`);
  }
  if (entriesPerTable < 1n || entriesPerTable > 512n) {
    throw corrupt(`the VMDK grain tables of ${entriesPerTable} entries are not between 1 and 512`);
  }
}

/** Where the grain directory says its tables are, and they their grains, there is a file. */
async function requireContent(source: ByteSource, header: Buffer): Promise<void> {
  const capacity = header.readBigUInt64LE(12);
  const entriesPerTable = header.readUInt32LE(44);
  const tableSectors = BigInt(entriesPerTable) * header.readBigUInt64LE(20);
  const tables = (capacity + tableSectors - 1n) / tableSectors;
  if (tables > maxGrainTables) throw corrupt(`the VMDK needs a grain directory of ${tables} entries`);
  const offset = header.readBigUInt64LE(56) * BigInt(sectorSize);
  requireInside(source, { offset, length: tables * 4n, what: 'the VMDK grain directory' });
  await requireGrains(source, { offset, tables, entriesPerTable });
}
