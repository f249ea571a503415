import type { ByteSource } from '@ec2-image/image-headers';
import { beyondFile, corruptMap, type TableFacts } from './l2-table.ts';

/** Bytes of the disk that one L2 table covers. */
export function tableSpan({ clusterSize, header }: TableFacts): number {
  return clusterSize * (clusterSize / (header.extendedL2 ? 16 : 8));
}

/**
 * Where the L2 tables lie in the file, in bytes, 0 where there is none. What the L1 table holds beyond the end of the disk
 * belongs to saved states of virtual machines.
 *
 * @throws ImageHeaderError `CORRUPT_IMAGE`, `TRUNCATED_IMAGE`
 */
export async function readL1(source: ByteSource, facts: TableFacts): Promise<Float64Array> {
  const { clusterSize, fileSize, header } = facts;
  const span = tableSpan(facts);
  const offsets = new Float64Array(Math.ceil(header.virtualSize / span));
  for (let first = 0; first < offsets.length; first += entriesAtOnce) {
    const count = Math.min(entriesAtOnce, offsets.length - first);
    const bytes = await source.read(header.l1.offset + first * 8, count * 8);
    if (bytes.length < count * 8) throw beyondFile('the L1 table', header.l1.offset, fileSize);
    for (let index = 0; index < count; index++) {
      const low = bytes.readUInt32BE(index * 8 + 4);
      const offset = (bytes.readUInt32BE(index * 8) & 0x00ffffff) * 2 ** 32 + ((low & ~511) >>> 0);
      if (offset === 0) continue;
      if ((low & ~511 & (clusterSize - 1)) !== 0)
        throw corruptMap(
          `the L2 table at byte ${offset} does not begin with a cluster`,
          (first + index) * span,
        );
      if (offset + clusterSize > fileSize) throw beyondFile('an L2 table', offset, fileSize);
      offsets[first + index] = offset;
    }
  }
  return offsets;
}

const entriesAtOnce = 65_536;
