import type { Compression } from '@ec2-image/image-headers';
import { ConvertError } from '../errors.ts';

const downloadAgain = 'Download the image again and compare its checksum with the published one.';

export function truncatedCompression(compression: Compression, cause?: unknown): ConvertError {
  return new ConvertError('TRUNCATED_COMPRESSION', `the ${compression} data ends before it is complete`, {
    hint: downloadAgain,
    cause,
    facts: { compression },
  });
}

export function corruptCompression(compression: Compression, why: string, cause?: unknown): ConvertError {
  return new ConvertError('CORRUPT_COMPRESSION', `the ${compression} data is damaged: ${why}`, {
    hint: downloadAgain,
    cause,
    facts: { compression },
  });
}

export function decompressionMemory(
  compression: Compression,
  memoryBytes: number,
  cause?: unknown,
): ConvertError {
  const limit = `${Math.floor(memoryBytes / 1024 ** 2)} MiB`;
  return new ConvertError(
    'DECOMPRESSION_MEMORY',
    `decompressing the ${compression} data needs more memory than the limit of ${limit}`,
    {
      hint: 'If you trust the image, raise the limit (--decompression-memory).',
      cause,
      facts: { compression, memoryBytes },
    },
  );
}
