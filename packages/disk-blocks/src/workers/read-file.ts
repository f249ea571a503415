import { readSync } from 'node:fs';
import { JobFault } from './job-fault.ts';

/** Reads all of `length` bytes at `position` into the buffer, in whatever thread calls. */
export function readFully(
  fd: number,
  buffer: Buffer,
  { at, length, position }: { readonly at: number; readonly length: number; readonly position: number },
): void {
  for (let done = 0; done < length; ) {
    const count = readSome(fd, buffer, at + done, length - done, position + done);
    if (count === 0) throw new JobFault('short', `the file ends at byte ${position + done}`, position + done);
    done += count;
  }
}

/** Reads what one call gives; 0 at the end of the file. */
export function readSome(fd: number, buffer: Buffer, at: number, length: number, position: number): number {
  try {
    return readSync(fd, buffer, at, length, position);
  } catch (error) {
    throw new JobFault('unreadable', (error as Error).message, position);
  }
}
