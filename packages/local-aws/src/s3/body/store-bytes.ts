import type { ChecksumAlgorithm } from '@ec2-image/checksum';
import { hashPieces } from '../../hashing/hash-pieces.ts';
import { pieceBytes } from '../../hashing/pieces.ts';
import type { Blobs, BlobWriter } from '../../store/blobs.ts';
import type { StoredBody } from './store-body.ts';

/** Bytes that the emulator has already, into a file of their own, as if a client had sent them. */
export async function storeBytes(
  blobs: Blobs,
  { source, algorithm }: { source: AsyncIterable<Buffer>; algorithm?: ChecksumAlgorithm | undefined },
): Promise<StoredBody> {
  let writer: BlobWriter | undefined;
  try {
    const { sizeBytes, digests } = await hashPieces(source, {
      wanted: { md5: true, ...(algorithm && { checksum: algorithm }) },
      sizeBytes: pieceBytes,
      async file() {
        writer ??= await blobs.create();
        return writer.file;
      },
    });
    await writer?.finish();
    return {
      blob: writer?.id ?? null,
      size: sizeBytes,
      md5: Buffer.from(digests.md5!).toString('hex'),
      ...(algorithm && { checksum: { algorithm, value: digests.checksum! } }),
      discard: async () => writer?.discard(),
    };
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}
