import { writeSync } from 'node:fs';
import type { Digester } from './digester.ts';

/** So much stays in a core's own memory from the hashing to the writing, which takes a fraction of the time then. */
const sliceBytes = 128 * 1024;

/** Hashes bytes where it is called, and writes them behind what the file has; without a descriptor, nowhere. */
export function hashAndWrite(digester: Digester, bytes: Uint8Array, fd?: number): void {
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    const slice = bytes.subarray(at, at + sliceBytes);
    digester.update(slice);
    for (let written = 0; fd !== undefined && written < slice.length; )
      written += writeSync(fd, slice, written);
  }
}
