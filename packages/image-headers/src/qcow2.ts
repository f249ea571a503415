import { type ByteSource, readSpan } from './byte-source.ts';
import { corrupt, ImageHeaderError, unsupported } from './errors.ts';
import { externalDataFile, requireNoForeignExtension } from './qcow2-extensions.ts';
import { requireSnapshotTable } from './qcow2-snapshots.ts';
import { type L1Table, requireAllocatedClusters, requireL1, requireRefcountTable } from './qcow2-tables.ts';
import { quoted } from './quoted.ts';
import { sectorSize, virtualSizeOf } from './virtual-size.ts';

/** Numbers and names as in QEMU's docs/interop/qcow2; all fields are big-endian. */
const magic = 0x514649fb;
const headerLengthV2 = 72;
const minHeaderLengthV3 = 104;
const incompatible = { dirty: 1n, corrupt: 2n, externalDataFile: 4n, compressionType: 8n, extendedL2: 16n };
const knownIncompatible = Object.values(incompatible).reduce((all, bit) => all | bit);
/** QEMU's own limit: 2 MiB. */
const maxClusterBits = 21;
const maxBackingNameLength = 1023;

/** QEMU allows a subcluster, of which an extended L2 entry has 32, no less than a sector. */
const minExtendedClusterBits = 14;

export interface Qcow2Header {
  readonly version: number;
  readonly clusterBits: number;
  /** In bytes. */
  readonly virtualSize: number;
  /** Whether an L2 entry has 16 bytes, with a bit map of 32 subclusters, instead of 8. */
  readonly extendedL2: boolean;
  readonly compression: 'deflate' | 'zstd';
  /** Of the disk itself, not of a snapshot. */
  readonly l1: L1Table;
  /** The autoclear feature bits. */
  readonly autoclear: bigint;
}

/**
 * Reads and checks all that QEMU reads when it opens the image, and, unless `refcounts` is false, the refcounts, which may
 * lie at the end of the file.
 *
 * @throws ImageHeaderError
 */
export async function readQcow2Header(
  source: ByteSource,
  { refcounts = true }: { readonly refcounts?: boolean } = {},
): Promise<Qcow2Header> {
  const fixed = await readSpan(source, { offset: 0, length: headerLengthV2, what: 'the qcow2 header' });
  if (fixed.readUInt32BE(0) !== magic) throw unsupported('the file does not begin as a qcow2 image does');
  const version = fixed.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw unsupported(`qcow2 version ${version} is not known`, { version });

  await requireNoBackingFile(source, fixed);
  const crypt = fixed.readUInt32BE(32);
  if (crypt !== 0) throw encrypted(crypt === 1 ? 'AES' : crypt === 2 ? 'LUKS' : `method ${crypt}`);

  const clusterBits = fixed.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > maxClusterBits) {
    throw corrupt(`qcow2 cluster size 2^${clusterBits} is not between 2^9 and 2^${maxClusterBits}`);
  }
  const clusterSize = 2 ** clusterBits;
  const features = version === 3 ? await readFeatures(source, clusterSize) : undefined;
  await requireNoForeignExtension(source, {
    offset: features?.headerLength ?? headerLengthV2,
    end: clusterSize,
  });

  const virtualSize = virtualSizeOf(fixed.readBigUInt64BE(24));
  if (virtualSize % sectorSize !== 0) {
    // qemu leaves out what follows the last whole sector, so the end of the disk would be lost.
    throw unsupported(
      `the qcow2 disk of ${virtualSize} bytes is not a whole number of ${sectorSize}-byte sectors`,
      { virtualSize },
    );
  }
  const extendedL2 = features?.extendedL2 ?? false;
  if (extendedL2 && clusterBits < minExtendedClusterBits)
    throw unsupported(`qcow2 clusters of ${clusterSize} bytes cannot have subclusters`);
  const l1 = requireL1(source, fixed, { virtualSize, clusterBits, extendedL2 });
  requireRefcountTable(source, fixed, clusterSize);
  await requireSnapshotTable(source, {
    offset: fixed.readBigUInt64BE(64),
    count: fixed.readUInt32BE(60),
    clusterSize,
  });
  // A dirty image's refcounts may lag behind (lazy_refcounts), so they say nothing of its length.
  if (refcounts && !features?.dirty) {
    await requireAllocatedClusters(source, fixed, {
      clusterSize,
      refcountBits: features?.refcountBits ?? 16,
    });
  }
  return {
    version,
    clusterBits,
    virtualSize,
    extendedL2,
    compression: features?.compression ?? 'deflate',
    l1,
    autoclear: features?.autoclear ?? 0n,
  };
}

async function requireNoBackingFile(source: ByteSource, fixed: Buffer): Promise<void> {
  const offset = fixed.readBigUInt64BE(8);
  if (offset === 0n) return;
  const length = Math.min(fixed.readUInt32BE(16), maxBackingNameLength);
  const name = offset < BigInt(source.size) ? await source.read(Number(offset), length) : Buffer.alloc(0);
  throw new ImageHeaderError('BACKING_FILE', `the qcow2 image needs a backing file: ${quoted(name)}`, {
    hint: 'Flatten the image where its backing file is (qemu-img convert -O qcow2), and import the result.',
    facts: { backingFile: quoted(name) },
  });
}

function encrypted(how: string): ImageHeaderError {
  return new ImageHeaderError('ENCRYPTED_IMAGE', `the qcow2 image is encrypted (${how})`, {
    hint: 'Decrypt it first (qemu-img convert with its secret); EBS encrypts the snapshot itself.',
  });
}

async function readFeatures(source: ByteSource, clusterSize: number) {
  const header = await readSpan(source, { offset: 0, length: minHeaderLengthV3, what: 'the qcow2 header' });
  const headerLength = header.readUInt32BE(100);
  if (headerLength < minHeaderLengthV3 || headerLength > clusterSize) {
    throw corrupt(`qcow2 header length ${headerLength} is not between ${minHeaderLengthV3} and a cluster`);
  }
  const bits = header.readBigUInt64BE(72);
  if (bits & incompatible.externalDataFile) throw externalDataFile();
  if (bits & ~knownIncompatible) {
    throw unsupported(
      `the qcow2 image has incompatible features that are not known (0x${(bits & ~knownIncompatible).toString(16)})`,
    );
  }
  if (bits & incompatible.corrupt) {
    throw corrupt('the qcow2 image is marked as corrupt by the program that wrote it');
  }
  const compression = await readCompression(source, {
    headerLength,
    isMarked: (bits & incompatible.compressionType) !== 0n,
  });
  const refcountOrder = header.readUInt32BE(96);
  if (refcountOrder > 6) throw corrupt(`qcow2 refcount width 2^${refcountOrder} is above 2^6`);
  return {
    headerLength,
    compression,
    autoclear: header.readBigUInt64BE(88),
    refcountBits: 2 ** refcountOrder,
    dirty: (bits & incompatible.dirty) !== 0n,
    extendedL2: (bits & incompatible.extendedL2) !== 0n,
  };
}

/** The field and its feature bit have to agree, as QEMU wants it. */
async function readCompression(
  source: ByteSource,
  { headerLength, isMarked }: { readonly headerLength: number; readonly isMarked: boolean },
): Promise<Qcow2Header['compression']> {
  const type = headerLength > minHeaderLengthV3 ? (await source.read(104, 1))[0] : 0;
  // 0 is deflate, 1 is zstd.
  if (type === undefined || type > 1) throw unsupported(`qcow2 compression type ${type} is not known`);
  if ((type !== 0) !== isMarked)
    throw corrupt(`qcow2 compression type ${type} contradicts the incompatible feature bit for it`);
  return type === 1 ? 'zstd' : 'deflate';
}
