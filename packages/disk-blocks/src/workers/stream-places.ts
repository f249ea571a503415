import type { DeflateJob } from './jobs.ts';

/** Where the streams of a job stand: one after the other, each with what is left free in front of it and behind it. */
export function createPlaces({ leadBytes, alignBytes }: Pick<DeflateJob, 'leadBytes' | 'alignBytes'>) {
  let end = 0;
  return {
    /** Of all that has been placed, in bytes. */
    get end(): number {
      return end;
    },
    /** Where the next stream begins. */
    get next(): number {
      return end + leadBytes;
    },
    /** The next stream has so many bytes. */
    place(length: number): void {
      end = Math.ceil((end + leadBytes + length) / alignBytes) * alignBytes;
    },
  };
}

/** What the streams of so many units have at most, in bytes: zlib's `compressBound` for each. */
export function greatestStreamsBytes({
  units,
  unitBytes,
  leadBytes,
  alignBytes,
}: Pick<DeflateJob, 'unitBytes' | 'leadBytes' | 'alignBytes'> & { readonly units: number }): number {
  const places = createPlaces({ leadBytes, alignBytes });
  places.place(unitBytes + (unitBytes >> 12) + (unitBytes >> 14) + 13);
  return units * places.end;
}
