/** The bytes from `start` up to, not including, `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** `extents` are sorted and neither touch nor overlap, and so is what comes back. */
export function addExtent(extents: readonly Extent[], added: Extent): readonly Extent[] {
  if (added.end <= added.start) return extents;
  const before = extents.filter(({ end }) => end < added.start);
  const after = extents.filter(({ start }) => start > added.end);
  const touching = extents.slice(before.length, extents.length - after.length);
  return [
    ...before,
    {
      start: Math.min(added.start, touching[0]?.start ?? added.start),
      end: Math.max(added.end, touching.at(-1)?.end ?? added.end),
    },
    ...after,
  ];
}

/** The gaps up to `total`; without a total the last gap is open: it ends at Infinity. */
export function missingExtents(
  extents: readonly Extent[],
  total = Number.POSITIVE_INFINITY,
): readonly Extent[] {
  const starts = [0, ...extents.map(({ end }) => end)];
  const ends = [...extents.map(({ start }) => start), total];
  return starts.map((start, index) => ({ start, end: ends[index]! })).filter(({ start, end }) => start < end);
}

export function extentBytes(extents: readonly Extent[]): number {
  return extents.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** How far there is no gap. */
export function wholeUntil(extents: readonly Extent[]): number {
  return extents[0]?.start === 0 ? extents[0].end : 0;
}

/** What of them lies within. */
export function clipExtents(extents: readonly Extent[], within: Extent): readonly Extent[] {
  return extents
    .map(({ start, end }) => ({ start: Math.max(start, within.start), end: Math.min(end, within.end) }))
    .filter(({ start, end }) => start < end);
}

export function overlaps(one: Extent, other: Extent): boolean {
  return one.start < other.end && other.start < one.end;
}
