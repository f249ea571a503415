/** A part of an object: from the first byte to the last, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Of a `Range` header. Undefined for what S3 answers with the whole object: another unit, several ranges, no sense.
 * `unsatisfiable` where it begins behind the end.
 */
export function parseRange(header: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '') {
    if (to === '') return undefined;
    const length = Math.min(Number(to), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { first: sizeBytes - length, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return undefined;
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}

/** Where the parts of an object lie in it. */
export function partRange(
  parts: readonly { readonly part_number: number; readonly size: number }[],
  partNumber: number,
): { first: number; size: number } | undefined {
  let first = 0;
  for (const part of parts) {
    if (part.part_number === partNumber) return { first, size: part.size };
    first += part.size;
  }
  return undefined;
}
