const mebibyte = 2 ** 20;

/** Amazon S3 User Guide, "Amazon S3 multipart upload limits": the least size of every part but the last, and the largest number of parts. */
export const smallestPartSize = 5 * mebibyte;
export const mostParts = 10_000;
export const defaultPartSize = 8 * mebibyte;

/** How a disk is cut into parts: all of one size, but for a smaller last one. In bytes. */
export interface PartPlan {
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
}

/** Bytes `start` (inclusive) to `end` (exclusive) of the disk. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The same plan for the same size, on every machine: whoever finds an upload can resume it. The size of a
 * part is a whole number of MiB, no smaller than asked for, and grows with the disk as the limit on their number
 * demands.
 */
export function planParts({
  size,
  partSize = defaultPartSize,
}: {
  readonly size: number;
  readonly partSize?: number;
}): PartPlan {
  const least = Math.max(partSize, smallestPartSize, Math.ceil(size / mostParts));
  const chosen = Math.ceil(least / mebibyte) * mebibyte;
  return { size, partSize: chosen, count: Math.max(1, Math.ceil(size / chosen)) };
}

/** The stretch of the disk that part `number`, counted from 1, holds. */
export function partRange({ size, partSize }: PartPlan, number: number): ByteRange {
  return { start: Math.min((number - 1) * partSize, size), end: Math.min(number * partSize, size) };
}

/**
 * A part size that an open upload shows, where it can be resumed: a plan could have made it, and it asks for no
 * more memory than four parts of the default size. To follow it costs less than to send everything again.
 */
export function shownPartSize({
  firstPartSize,
  size,
}: {
  readonly firstPartSize: number | undefined;
  readonly size: number;
}): number | undefined {
  if (firstPartSize === undefined) return undefined;
  const { partSize } = planParts({ size, partSize: firstPartSize });
  return partSize === firstPartSize && partSize <= 4 * defaultPartSize ? partSize : undefined;
}

/** No more parts in memory at once than asked for, and no more bytes than so many parts of the default size, but for one part. */
export function planConcurrency({
  partSize,
  concurrency,
}: {
  readonly partSize: number;
  readonly concurrency: number;
}): number {
  const affordable = Math.floor((concurrency * defaultPartSize) / partSize);
  return Math.max(1, Math.min(concurrency, affordable));
}
