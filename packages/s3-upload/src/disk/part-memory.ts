import { type BufferPool, createBufferPool } from './buffer-pool.ts';
import { defaultPartSize } from './part-plan.ts';

/** Memory for parts of the default size. */
export type PartMemory = BufferPool<SharedArrayBuffer>;

/** For so many parts: of uploads that share it, no more are made and under way at once, however many uploads are open. */
export function createPartMemory({ parts }: { readonly parts: number }): PartMemory {
  return createBufferPool({ count: parts, make: newPart });
}

export function newPart(): SharedArrayBuffer {
  return new SharedArrayBuffer(defaultPartSize);
}
