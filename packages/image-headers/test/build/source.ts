import { type ByteSource, bufferSource } from '@ec2-image/image-headers';
import { expect } from 'vitest';

/** A source that fails the test where a read is not sane, and counts what is read. */
export function watched(bytes: Buffer): ByteSource & { bytesRead: number; reads: number } {
  const source = bufferSource(bytes);
  return {
    size: source.size,
    bytesRead: 0,
    reads: 0,
    async read(offset, length) {
      expect(Number.isSafeInteger(offset) && offset >= 0, `offset ${offset}`).toBe(true);
      expect(Number.isSafeInteger(length) && length >= 0, `length ${length}`).toBe(true);
      const result = await source.read(offset, length);
      this.bytesRead += result.length;
      this.reads++;
      return result;
    },
  };
}
