import type { DiskMap } from '../disk-map.ts';
import { fileExtents } from '../file-map.ts';
import { createPieceList } from '../workers/pieces.ts';

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
    async eachExtent(take, { signal, onStep }) {
      if (!isComplete) return take(0, fileSize);
      for await (const { offset, length } of fileExtents({ path, sizeBytes: fileSize, signal })) {
        onStep?.();
        take(offset, length);
      }
    },
    async locate(stretches) {
      const pieces = createPieceList();
      for (const { at, offset, length } of stretches) {
        const inFile = Math.max(0, Math.min(length, fileSize - offset));
        pieces.moveTo(at);
        if (inFile > 0) pieces.plain(offset, inFile);
        if (inFile < length) pieces.zeros(length - inFile);
      }
      return pieces.rows();
    },
    async fileEnd({ offset, length }) {
      return length > 0 && offset < fileSize ? Math.min(offset + length, fileSize) : 0;
    },
  };
}
