import { createVmdkIndex, type VmdkIndex } from '../layout/vmdk/vmdk-index.ts';
import { greatestVmdkSize, type VmdkSource, vmdkPieces } from '../layout/vmdk/vmdk-pieces.ts';
import { requireRepresentable } from '../qemu/output-format.ts';
import type { WholeFile } from './range-requests.ts';
import { type OpenStreamedFile, streamFile } from './streamed-file.ts';

/** A VMDK that is made once, or more than once: the same bytes each time. */
export interface VmdkMaking {
  /** Of the last reading, once it has come to the end. */
  index(): VmdkIndex | undefined;
  /** Of the first one that comes to the end, if any does. */
  readonly made: Promise<VmdkIndex>;
}

export interface StreamedVmdk extends OpenStreamedFile<WholeFile>, VmdkMaking {}

/**
 * A VMDK as it is made: its size is known at its end, which nothing in its front follows from.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export function streamVmdk(source: VmdkSource): StreamedVmdk {
  requireRepresentable('vmdk', source.reader.sizeBytes);
  let known: VmdkIndex | undefined;
  const made = Promise.withResolvers<VmdkIndex>();
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
      made.resolve(known);
      return { fileSize, pieces: () => [] };
    },
  });
  return { ...file, index: () => known, made: made.promise };
}
