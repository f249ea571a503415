import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, createChecksum } from '@ec2-image/checksum';
import type { Blobs, BlobWriter } from '../../store/blobs.ts';
import type { StoredBody } from './store-body.ts';

/** Bytes that the emulator has already, into a file of their own, as if a client had sent them. */
export async function storeBytes(
  blobs: Blobs,
  { source, algorithm }: { source: AsyncIterable<Buffer>; algorithm?: ChecksumAlgorithm | undefined },
): Promise<StoredBody> {
  const md5 = createHash('md5');
  const checksum = algorithm && createChecksum(algorithm);
  let size = 0;
  let writer: BlobWriter | undefined;
  try {
    for await (const chunk of source) {
      md5.update(chunk);
      checksum?.update(chunk);
      size += chunk.length;
      writer ??= await blobs.create();
      await writer.write([chunk]);
    }
    await writer?.finish();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
  return {
    blob: writer?.id ?? null,
    size,
    md5: md5.digest('hex'),
    ...(algorithm && checksum && { checksum: { algorithm, value: checksum.digest() } }),
    discard: async () => writer?.discard(),
  };
}
