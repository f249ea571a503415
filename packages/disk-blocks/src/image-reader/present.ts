import type { Extent } from '../disk.ts';

/**
 * Collects extents, widened to whole units of 64 KiB and merged, so that a file of small clusters does not make a list as
 * long as the disk. Where there are more than `maxExtents` nevertheless, the unit doubles: a list that names too much costs
 * zeros in what is made of it, and is right.
 */
export async function collectExtents(
  extents: AsyncIterable<Extent>,
  { sizeBytes, maxExtents = 262_144 }: { readonly sizeBytes: number; readonly maxExtents?: number },
): Promise<readonly Extent[]> {
  let unit = 65_536;
  let list: MutableExtent[] = [];
  for await (const extent of extents) {
    append(list, extent, unit, sizeBytes);
    while (list.length > maxExtents) {
      unit *= 2;
      const wider: MutableExtent[] = [];
      for (const each of list) append(wider, each, unit, sizeBytes);
      list = wider;
    }
  }
  return list;
}

interface MutableExtent {
  readonly offset: number;
  length: number;
}

function append(list: MutableExtent[], { offset, length }: Extent, unit: number, sizeBytes: number): void {
  const from = Math.floor(offset / unit) * unit;
  const to = Math.min(Math.ceil((offset + length) / unit) * unit, sizeBytes);
  const last = list.at(-1);
  if (last && last.offset + last.length >= from) last.length = Math.max(last.length, to - last.offset);
  else list.push({ offset: from, length: to - from });
}
