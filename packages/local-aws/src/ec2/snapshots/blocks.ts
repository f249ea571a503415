/** EBS stores, bills and serves snapshots by these. */
export const blockBytes = 512 * 1024;

/** The blocks that extents touch, each once; the extents come in order. */
export function* blocksOf(
  extents: Iterable<{ readonly offset: number; readonly length: number }>,
): Generator<number> {
  let next = 0;
  for (const { offset, length } of extents) {
    if (length === 0) continue;
    const last = Math.floor((offset + length - 1) / blockBytes);
    for (let index = Math.max(next, Math.floor(offset / blockBytes)); index <= last; index += 1) yield index;
    next = last + 1;
  }
}
