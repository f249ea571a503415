import type { DeflateJob } from './jobs.ts';

/** Where streams of these lengths stand. */
export function placeStreams(
  lengths: readonly number[],
  { leadBytes, alignBytes }: Pick<DeflateJob, 'leadBytes' | 'alignBytes'>,
): { readonly at: readonly number[]; readonly sizeBytes: number } {
  let end = 0;
  const at = lengths.map((length) => {
    const start = end + leadBytes;
    if (length > 0) end = Math.ceil((start + length) / alignBytes) * alignBytes;
    return start;
  });
  return { at, sizeBytes: end };
}
