import { greatestVmdkSize, type VmdkSource, vmdkPieces } from '../layout/vmdk/vmdk-pieces.ts';
import { requireRepresentable } from '../qemu/output-format.ts';
import type { WholeFile } from './range-requests.ts';
import { type OpenStreamedFile, streamFile } from './streamed-file.ts';

/**
 * A VMDK as it is made: its size is known at its end, which nothing in its front follows from.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export function streamVmdk(source: VmdkSource): OpenStreamedFile<WholeFile> {
  requireRepresentable('vmdk', source.reader.sizeBytes);
  return streamFile({
    maxSize: greatestVmdkSize(source),
    headBytes: 0,
    async read({ place, signal }) {
      let fileSize = 0;
      for await (const { bytes } of vmdkPieces({ ...source, signal })) {
        await place(fileSize, bytes);
        fileSize += bytes.length;
      }
      return { fileSize, pieces: () => [] };
    },
  });
}
