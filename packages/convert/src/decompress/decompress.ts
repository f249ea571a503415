import type { Compression } from '@ec2-image/image-headers';
import { bunzip2 } from './bunzip2.ts';
import { gunzip } from './gunzip.ts';
import { defaultDecompressionMemoryBytes } from './limits.ts';
import { unxz } from './unxz.ts';
import { unzstd } from './unzstd.ts';

export interface DecompressOptions {
  readonly compression: Compression;
  readonly source: AsyncIterable<Buffer>;
  /** In bytes; default 256 MiB. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** Hears of bytes behind the end that are left out. */
  readonly onNotice?: (message: string) => void;
}

/**
 * The decompressed bytes, in chunks of any size, as they come. Concatenated members, frames and streams are read as
 * one. Nothing is read ahead of the consumer but a few buffers; leaving the loop early ends the decoder.
 *
 * @throws ConvertError `CORRUPT_COMPRESSION`, `TRUNCATED_COMPRESSION`, `DECOMPRESSION_MEMORY`, `BZIP2_MISSING`, `XZ_MISSING`
 */
export function decompress({
  compression,
  source,
  memoryBytes = defaultDecompressionMemoryBytes,
  signal,
  onNotice,
}: DecompressOptions): AsyncGenerator<Buffer> {
  switch (compression) {
    case 'gzip':
      return gunzip(source, { signal, onNotice });
    case 'zstd':
      return unzstd(source, { signal, memoryBytes });
    case 'xz':
      return unxz(source, { signal, memoryBytes });
    case 'bzip2':
      return bunzip2(source, { signal, onNotice });
  }
}
