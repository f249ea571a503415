import { createVmdkIndex, type VmdkIndex } from '../layout/vmdk/vmdk-file.ts';
import { greatestVmdkSize, type VmdkSource, vmdkPieces } from '../layout/vmdk/vmdk-pieces.ts';
import { requireRepresentable } from '../qemu/output-format.ts';
import type { WholeFile } from './range-requests.ts';
import { type OpenStreamedFile, streamFile } from './streamed-file.ts';

export interface StreamedVmdk extends OpenStreamedFile<WholeFile> {
  /** Of the last reading that came to the end. */
  index(): VmdkIndex | undefined;
}

/**
 * A VMDK as it is made: its size is known at its end, which nothing in its front follows from.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export function streamVmdk(source: VmdkSource): StreamedVmdk {
  requireRepresentable('vmdk', source.reader.sizeBytes);
  let known: VmdkIndex | undefined;
  const file = streamFile({
    maxSize: greatestVmdkSize(source),
    headBytes: 0,
    async read({ place, signal }) {
      known = undefined;
      const index = createVmdkIndex();
      let fileSize = 0;
      for await (const piece of vmdkPieces({ ...source, signal })) {
        index.add(piece);
        await place(fileSize, piece.bytes);
        fileSize += piece.bytes.length;
      }
      known = index.end();
      return { fileSize, pieces: () => [] };
    },
  });
  return { ...file, index: () => known };
}
