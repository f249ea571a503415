import { arrivalOf, errorOf, type Image } from './fill.ts';
import type { DeflateOptions } from './image-reader.ts';

export function createDeflate(
  image: Image,
): (options: DeflateOptions) => Promise<readonly (Buffer | undefined)[]> {
  return async ({ offsets, unitBytes, level = 1, signal }) => {
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
    const job = { kind: 'deflate' as const, fd, clusterSize, unitBytes, level, units };
    const { result, fault } = await image.run(job, { signal });
    if (fault) throw errorOf(fault, image.path);
    let at = 0;
    return result.lengths.map((length) => {
      at += length;
      return length === 0 ? undefined : Buffer.from(result.bytes.buffer, at - length, length);
    });
  };
}
