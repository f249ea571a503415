import type { FileHandle } from 'node:fs/promises';
import { type ByteSource, fileSource } from '@ec2-image/image-headers';
import type { FileRange } from './image-reader.ts';

/** A file that is still being written: what it will have in the end, and when a range of it has been written. */
export interface GrowingFile {
  /** In bytes. */
  readonly fileSize: number;
  arrived(range: FileRange, signal?: AbortSignal): Promise<void>;
  /** Told of each range that is needed before anything else can be read, which may be fetched out of turn. */
  hurry?(range: FileRange): void;
}

/** Each read waits until what it reads has been written. */
export function growingSource(
  file: FileHandle,
  { fileSize, arrived, hurry }: GrowingFile,
  signal?: AbortSignal,
): ByteSource {
  const source = fileSource(file, fileSize);
  return {
    size: fileSize,
    async read(offset, length) {
      const end = Math.min(offset + length, fileSize);
      if (end > offset) {
        const range = { offset, length: end - offset };
        hurry?.(range);
        await arrived(range, signal);
      }
      return source.read(offset, length);
    },
  };
}
