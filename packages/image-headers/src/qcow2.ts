import { type ByteSource, readSpan, requireInside } from './byte-source.ts';
import { corrupt, ImageHeaderError, truncated, unsupported } from './errors.ts';
import { externalDataFile, requireNoForeignExtension } from './qcow2-extensions.ts';
import { quoted } from './quoted.ts';
import { sectorSize, virtualSizeOf } from './virtual-size.ts';

/** Numbers and names as in QEMU's docs/interop/qcow2; all fields are big-endian. */
const headerLengthV2 = 72;
const minHeaderLengthV3 = 104;
const incompatible = { dirty: 1n, corrupt: 2n, externalDataFile: 4n, compressionType: 8n, extendedL2: 16n };
const knownIncompatible = Object.values(incompatible).reduce((all, bit) => all | bit);
/** QEMU's own limits: 2 MiB clusters, a 32 MiB L1 table, an 8 MiB refcount table. */
const maxClusterBits = 21;
const maxL1Bytes = 32n * 1024n ** 2n;
const maxRefcountTableBytes = 8n * 1024n ** 2n;
const maxBackingNameLength = 1023;

export interface Qcow2Header {
  readonly version: number;
  readonly clusterBits: number;
  readonly virtualSize: number;
}

/** @throws ImageHeaderError */
export async function readQcow2(source: ByteSource): Promise<Qcow2Header> {
  const fixed = await readSpan(source, { offset: 0, length: headerLengthV2, what: 'the qcow2 header' });
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
  requireL1(source, fixed, { virtualSize, clusterBits, extendedL2: features?.extendedL2 ?? false });
  // A dirty image's refcounts may lag behind (lazy_refcounts), so they say nothing of its length.
  if (!features?.dirty) {
    await requireAllocatedClusters(source, fixed, {
      clusterSize,
      refcountBits: features?.refcountBits ?? 16,
    });
  }
  return { version, clusterBits, virtualSize };
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
  if (bits & incompatible.compressionType) await requireKnownCompression(source, headerLength);
  const refcountOrder = header.readUInt32BE(96);
  if (refcountOrder > 6) throw corrupt(`qcow2 refcount width 2^${refcountOrder} is above 2^6`);
  return {
    headerLength,
    refcountBits: 2 ** refcountOrder,
    dirty: (bits & incompatible.dirty) !== 0n,
    extendedL2: (bits & incompatible.extendedL2) !== 0n,
  };
}

async function requireKnownCompression(source: ByteSource, headerLength: number): Promise<void> {
  const type = headerLength > 104 ? (await source.read(104, 1))[0] : 0;
  // 0 is deflate, 1 is zstd.
  if (type === undefined || type > 1) throw unsupported(`qcow2 compression type ${type} is not known`);
}

interface L1Facts {
  readonly virtualSize: number;
  readonly clusterBits: number;
  readonly extendedL2: boolean;
}

/** The table exists in the file, is no larger than QEMU takes, and reaches to the end of the disk. */
function requireL1(
  source: ByteSource,
  fixed: Buffer,
  { virtualSize, clusterBits, extendedL2 }: L1Facts,
): void {
  const length = BigInt(fixed.readUInt32BE(36)) * 8n;
  if (length > maxL1Bytes) throw corrupt(`the qcow2 L1 table of ${length} bytes is above ${maxL1Bytes}`);
  const bytesPerL2 = 2n ** BigInt(clusterBits) * 2n ** BigInt(clusterBits - (extendedL2 ? 4 : 3));
  if ((length / 8n) * bytesPerL2 < BigInt(virtualSize)) {
    throw corrupt(`the qcow2 L1 table of ${length} bytes is too short for a disk of ${virtualSize} bytes`);
  }
  if (length > 0n) {
    requireInside(source, { offset: fixed.readBigUInt64BE(40), length, what: 'the qcow2 L1 table' });
  }
}

/**
 * QEMU reads zeros where a file has been cut short, so a truncated image would convert without a word.
 * The refcounts name the highest cluster in use, and it must begin inside the file.
 */
async function requireAllocatedClusters(
  source: ByteSource,
  fixed: Buffer,
  { clusterSize, refcountBits }: { readonly clusterSize: number; readonly refcountBits: number },
): Promise<void> {
  const length = BigInt(fixed.readUInt32BE(56)) * BigInt(clusterSize);
  if (length > maxRefcountTableBytes) {
    throw corrupt(`the qcow2 refcount table of ${length} bytes is above ${maxRefcountTableBytes}`);
  }
  const table = await readSpan(source, {
    offset: fixed.readBigUInt64BE(48),
    length,
    what: 'the qcow2 refcount table',
  });
  const last = lastNonZero(table, 8);
  if (last === undefined) return;
  const block = await readSpan(source, {
    offset: table.readBigUInt64BE(last * 8),
    length: clusterSize,
    what: 'a qcow2 refcount block',
  });
  const lastByte = lastNonZero(block, 1);
  if (lastByte === undefined) return;
  const clustersPerBlock = (clusterSize * 8) / refcountBits;
  const lastCluster = last * clustersPerBlock + Math.floor((lastByte * 8) / refcountBits);
  if (lastCluster * clusterSize >= source.size) {
    throw truncated(
      `the qcow2 image uses a cluster at byte ${lastCluster * clusterSize}, but the file has ${source.size} bytes`,
      { fileSize: source.size },
    );
  }
}

/** The index of the last entry of `width` bytes that is not zero. */
function lastNonZero(table: Buffer, width: number): number | undefined {
  const at = table.findLastIndex((byte) => byte !== 0);
  return at < 0 ? undefined : Math.floor(at / width);
}
