import type { Deflated } from '@ec2-image/disk-blocks';

/** The stream of each unit. */
export function deflatedStreams({ bytes, streams }: Deflated): (Buffer | undefined)[] {
  return streams.map((place) => place && bytes.subarray(place.offset, place.offset + place.length));
}
