import { type ByteSource, readSpan } from './byte-source.ts';
import { corrupt, unsupported } from './errors.ts';

/** An entry's fixed part: QEMU's docs/interop/qcow2, "Snapshots". */
const entryLength = 40;
/** As QEMU reads them; its own limit for the number is 65,536, which no tool comes near. */
const maxExtraLength = 1024;
const maxCount = 1024;
/** A signed 64-bit number to QEMU, which checks it even where the table is empty. */
const maxOffset = 2n ** 63n - 1n;

/**
 * Walks the table of internal snapshots as QEMU does when it opens an image. The snapshots themselves are not part of
 * the disk: a table that QEMU refuses makes it refuse the image.
 *
 * @throws ImageHeaderError
 */
export async function requireSnapshotTable(
  source: ByteSource,
  table: { readonly offset: bigint; readonly count: number; readonly clusterSize: number },
): Promise<void> {
  if (table.count > maxCount) throw unsupported(`the qcow2 image has ${table.count} internal snapshots`);
  if (table.offset % BigInt(table.clusterSize) !== 0n)
    throw corrupt(`the qcow2 snapshot table at byte ${table.offset} does not begin with a cluster`);
  if (table.offset > maxOffset)
    throw corrupt(`the qcow2 snapshot table at byte ${table.offset} lies beyond any file`);
  let offset = table.offset;
  for (let index = 0; index < table.count; index++) {
    const what = `entry ${index} of the qcow2 snapshot table`;
    const entry = await readSpan(source, { offset, length: entryLength, what });
    const extraLength = entry.readUInt32BE(36);
    if (extraLength > maxExtraLength) throw corrupt(`${what} has ${extraLength} bytes of extra data`);
    const length = entryLength + extraLength + entry.readUInt16BE(12) + entry.readUInt16BE(14);
    await readSpan(source, { offset, length, what });
    offset += BigInt(Math.ceil(length / 8) * 8);
  }
}
