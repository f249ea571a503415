import { crc32 } from 'node:zlib';
import { JobFault } from './job-fault.ts';
import type { ChecksumJob, ChecksumResult } from './jobs.ts';
import { readSome } from './read-file.ts';

/** Stays in a core's cache between being read and being checksummed. */
const stepBytes = 256 * 1024;
const scratch = Buffer.allocUnsafeSlow(stepBytes);

/** Reads a range of a file as it is, step by step, each with its share of the CRC32. */
export function checksum(
  { fd, offset, length, buffer, crc32: before }: ChecksumJob,
  isCancelled: () => boolean,
): { readonly result: ChecksumResult; readonly transfer: ArrayBuffer[] } {
  let value = before;
  let done = 0;
  while (done < length) {
    if (isCancelled()) throw new JobFault('cancelled', 'the job is cancelled');
    const wanted = Math.min(stepBytes, length - done);
    const step = buffer ? Buffer.from(buffer, done, wanted) : scratch;
    const count = readSome(fd, step, 0, wanted, offset + done);
    if (count === 0) break;
    value = crc32(step.subarray(0, count), value);
    done += count;
  }
  return { result: { bytesRead: done, crc32: value }, transfer: [] };
}
