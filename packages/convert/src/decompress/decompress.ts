import type { Compression } from '@ec2-image/image-headers';
import { gunzip } from './gunzip.ts';
import { unxz } from './unxz.ts';
import { unzstd } from './unzstd.ts';

export interface DecompressOptions {
  readonly compression: Compression;
  readonly source: AsyncIterable<Buffer>;
  readonly signal?: AbortSignal;
}

/**
 * The decompressed bytes, in chunks of any size, as they come. Concatenated members, frames and streams are read as
 * one. Nothing is read ahead of the consumer but a few buffers; leaving the loop early ends the decoder.
 *
 * @throws ConvertError `CORRUPT_COMPRESSION`, `TRUNCATED_COMPRESSION`, `DECOMPRESSION_MEMORY`, `XZ_MISSING`
 */
export function decompress({ compression, source, signal }: DecompressOptions): AsyncGenerator<Buffer> {
  switch (compression) {
    case 'gzip':
      return gunzip(source, signal);
    case 'zstd':
      return unzstd(source, signal);
    case 'xz':
      return unxz(source, signal);
  }
}
