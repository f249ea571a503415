import { crc32 } from 'node:zlib';
import { blockDigests } from './block-digests.ts';
import type { FillJob, FillResult } from './jobs.ts';
import type { PieceReader } from './piece-reader.ts';

export function fill(
  reader: PieceReader,
  job: FillJob,
  isCancelled: () => boolean,
): { readonly result: FillResult; readonly transfer: ArrayBuffer[] } {
  const data = Buffer.from(job.buffer, 0, job.length);
  reader.read(job, job.pieces, data, isCancelled);
  const digests = job.sha256 ? blockDigests(data) : undefined;
  return {
    result: {
      ...(job.crc32 && { crc32: crc32(data) }),
      ...(digests && { digests }),
    },
    transfer: digests ? [digests.buffer] : [],
  };
}
