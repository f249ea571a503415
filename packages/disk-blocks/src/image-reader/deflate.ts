import { createPlaces, greatestStreamsBytes } from '../workers/stream-places.ts';
import { arrivalOf, errorOf, type Image } from './fill.ts';
import type { Deflated, DeflateOptions } from './image-reader.ts';

export function createDeflate(image: Image): (options: DeflateOptions) => Promise<Deflated> {
  return async ({ offsets, unitBytes, leadBytes = 0, alignBytes = 1, level = 1, signal, ...options }) => {
    const { sizeBytes, clusterSize } = image.map;
    const units: Float64Array<ArrayBuffer>[] = [];
    for (const offset of offsets) {
      if (offset < 0 || offset >= sizeBytes || offset % 512 !== 0)
        throw new RangeError(`a unit at byte ${offset} of a disk of ${sizeBytes}`);
      const length = Math.min(unitBytes, sizeBytes - offset);
      const pieces = await image.map.locate([{ at: 0, offset, length }], { signal });
      await arrivalOf(image, pieces, signal);
      units.push(pieces);
    }
    const { fd } = image.file;
    const room = { leadBytes, alignBytes };
    const most = greatestStreamsBytes({ units: units.length, unitBytes, ...room });
    const buffer = options.buffer ?? new SharedArrayBuffer(most);
    if (buffer.byteLength < most) throw new RangeError(`a buffer of ${buffer.byteLength} bytes for ${most}`);
    const job = { kind: 'deflate' as const, fd, clusterSize, unitBytes, level, ...room, buffer, units };
    const { result, fault } = await image.run(job, { signal });
    if (fault) throw errorOf(fault, image.path);
    const places = createPlaces(room);
    const streams = result.lengths.map((length, index) => {
      if (length === 0) return undefined;
      const place = { offset: places.next, length, crc32: result.sums[index]! };
      places.place(length);
      return place;
    });
    return { bytes: Buffer.from(buffer, 0, places.end), streams };
  };
}
