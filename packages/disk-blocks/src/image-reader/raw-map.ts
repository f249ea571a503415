import type { DiskMap } from '../disk-map.ts';
import { fileExtents } from '../file-map.ts';
import { createPieceList, kinds } from '../workers/pieces.ts';

/** The map of a raw file: the file system's own, where there is one and the file is complete. */
export function rawMap({
  path,
  fileSize,
  isComplete,
}: {
  readonly path: string;
  readonly fileSize: number;
  readonly isComplete: boolean;
}): DiskMap {
  // As QEMU has it: whole sectors, the last one padded with zeros.
  const sizeBytes = Math.ceil(fileSize / 512) * 512;
  return {
    sizeBytes,
    clusterSize: 0,
    async *extents({ signal }) {
      if (isComplete) yield* fileExtents({ path, sizeBytes: fileSize, signal });
      else yield { offset: 0, length: fileSize };
    },
    async locate(stretches) {
      const pieces = createPieceList();
      for (const { at, offset, length } of stretches) {
        const inFile = Math.max(0, Math.min(length, fileSize - offset));
        const piece = {
          kind: kinds.plain,
          at,
          length: inFile,
          fileOffset: offset,
          fileLength: inFile,
          skip: 0,
        };
        if (inFile > 0) pieces.push(piece);
        if (inFile < length)
          pieces.push({
            ...piece,
            kind: kinds.zero,
            at: at + inFile,
            length: length - inFile,
            fileLength: 0,
          });
      }
      return pieces.rows();
    },
  };
}
