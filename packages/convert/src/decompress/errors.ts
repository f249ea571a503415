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

export function decompressionMemory(compression: Compression, limit: string, cause?: unknown): ConvertError {
  return new ConvertError(
    'DECOMPRESSION_MEMORY',
    `the ${compression} data wants more memory to be decompressed than the limit of ${limit}`,
    {
      hint: 'If you trust the image, decompress it by hand and import the result.',
      cause,
      facts: { compression },
    },
  );
}
