import type { ByteRange } from '../disk/part-plan.ts';

/**
 * A stretch of the disk in the place of its bytes. lib-storage cuts it into parts as it would cut a buffer, and hands
 * each to the client, whose middleware reads it from the file: no byte goes through a stream or is copied.
 */
export class DiskRange extends Uint8Array implements ByteRange {
  readonly start: number;
  readonly end: number;

  constructor({ start, end }: ByteRange) {
    super(0);
    this.start = start;
    this.end = end;
    Object.defineProperty(this, 'byteLength', { value: end - start });
  }

  override subarray(begin = 0, end = this.byteLength): DiskRange {
    return new DiskRange({ start: this.start + begin, end: Math.min(this.start + end, this.end) });
  }
}
