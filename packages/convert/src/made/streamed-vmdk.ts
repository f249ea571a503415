import { greatestVmdkSize, type VmdkSource, vmdkPieces } from '../layout/vmdk/vmdk-pieces.ts';
import type { WholeFile } from './range-requests.ts';
import { type OpenStreamedFile, streamFile } from './streamed-file.ts';

/** A VMDK as it is made: its size is known at its end, which nothing in its front follows from. */
export function streamVmdk(source: VmdkSource): OpenStreamedFile<WholeFile> {
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
