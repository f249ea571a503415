import { defaultMaxDiskSize, diskTooLarge, requirePossibleSize } from '../errors.ts';

const pieceBytes = 64 * 1024;
const zeros = Buffer.alloc(pieceBytes);

/**
 * The bytes of a disk as they come, up to a limit of data: a chunk that would cross it is never passed on, so that a
 * bomb costs its limit at most. Zeros cost nothing where they become holes, and end at what EBS has volumes for.
 *
 * @param options.maxDiskSize in bytes, default 64 GiB
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export async function* boundDisk(
  chunks: AsyncIterable<Buffer>,
  { maxDiskSize = defaultMaxDiskSize }: { readonly maxDiskSize?: number },
): AsyncGenerator<Buffer> {
  let [total, dataBytes] = [0, 0];
  for await (const chunk of chunks) {
    total += chunk.length;
    requirePossibleSize(total);
    dataBytes += dataIn(chunk);
    if (dataBytes > maxDiskSize) throw diskTooLarge({ maxDiskSize });
    yield chunk;
  }
}

/** In pieces, as a sparse file has holes. */
function dataIn(chunk: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < chunk.length; at += pieceBytes) {
    const piece = chunk.subarray(at, at + pieceBytes);
    if (!piece.equals(piece.length === pieceBytes ? zeros : zeros.subarray(0, piece.length)))
      bytes += piece.length;
  }
  return bytes;
}
