import { placeStreams } from '../workers/stream-places.ts';
import { arrivalOf, errorOf, type Image } from './fill.ts';
import type { Deflated, DeflateOptions } from './image-reader.ts';

export function createDeflate(image: Image): (options: DeflateOptions) => Promise<Deflated> {
  return async ({ offsets, unitBytes, leadBytes = 0, alignBytes = 1, level = 1, buffer, signal }) => {
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
    const places = { leadBytes, alignBytes };
    const job = { kind: 'deflate' as const, fd, clusterSize, unitBytes, level, ...places, buffer, units };
    const { result, fault } = await image.run(job, { signal });
    if (fault) throw errorOf(fault, image.path);
    const { at, sizeBytes: length } = placeStreams(result.lengths, places);
    return {
      bytes: result.bytes ? Buffer.from(result.bytes.buffer) : Buffer.from(buffer!, 0, length),
      streams: result.lengths.map((length, index) =>
        length === 0 ? undefined : { offset: at[index]!, length },
      ),
    };
  };
}
