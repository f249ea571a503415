import type { Extent } from '../disk.ts';
import type { TakeExtent } from '../disk-map.ts';
import { diskTooLarge } from '../errors.ts';

export interface ExtentListOptions {
  /** Of the disk. */
  readonly sizeBytes: number;
  /** Default 262,144. */
  readonly maxExtents?: number;
  /** How much of the disk the extents may cover, in whole units of 64 KiB. Default: all of it. */
  readonly maxDataBytes?: number;
}

export interface ExtentList {
  /**
   * In order, without overlap.
   *
   * @throws DiskBlocksError `DISK_TOO_LARGE` as soon as there is more than `maxDataBytes`
   */
  readonly add: TakeExtent;
  readonly extents: () => readonly Extent[];
}

/**
 * Collects extents, widened to whole units of 64 KiB and merged, so that a file of small clusters does not make a list as
 * long as the disk. Where there are more than `maxExtents` nevertheless, the unit doubles: a list that names too much costs
 * zeros in what is made of it, and is right.
 */
export function createExtentList({
  sizeBytes,
  maxExtents = 262_144,
  maxDataBytes = sizeBytes,
}: ExtentListOptions): ExtentList {
  let unit = unitBytes;
  let list: MutableExtent[] = [];
  let dataBytes = 0;
  let countedEnd = 0;

  /** In units that do not double, so that the limit is about the disk, and not about this list. */
  function count(offset: number, length: number): void {
    const from = Math.max(countedEnd, Math.floor(offset / unitBytes) * unitBytes);
    countedEnd = Math.min(Math.ceil((offset + length) / unitBytes) * unitBytes, sizeBytes);
    dataBytes += Math.max(0, countedEnd - from);
    if (dataBytes > maxDataBytes) throw diskTooLarge(maxDataBytes);
  }

  function append(offset: number, length: number): void {
    const from = Math.floor(offset / unit) * unit;
    const to = Math.min(Math.ceil((offset + length) / unit) * unit, sizeBytes);
    const last = list.at(-1);
    if (last && last.offset + last.length >= from) last.length = Math.max(last.length, to - last.offset);
    else list.push({ offset: from, length: to - from });
  }

  return {
    add(offset, length) {
      count(offset, length);
      append(offset, length);
      while (list.length > maxExtents) {
        unit *= 2;
        const narrow = list;
        list = [];
        for (const each of narrow) append(each.offset, each.length);
      }
    },
    extents: () => list,
  };
}

const unitBytes = 65_536;

interface MutableExtent {
  readonly offset: number;
  length: number;
}
