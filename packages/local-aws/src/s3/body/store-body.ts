import type { ChecksumAlgorithm } from '@ec2-image/checksum';
import type { BlobWriter } from '../../store/blobs.ts';
import type { S3Call } from '../s3-call.ts';
import type { ChecksumValue } from './checksum-headers.ts';
import type { BodyExpectations } from './expectations.ts';
import { receiveBody } from './receive-body.ts';

/** Bytes in a file that no row names yet: claim it in the transaction that does, or discard it. */
export interface StoredBody {
  /** Null if there are none. */
  readonly blob: string | null;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum?: ChecksumValue;
  discard(): Promise<void>;
}

/** Takes the body into a file; with any failure nothing is left of it. */
export async function storeBody(
  call: S3Call,
  { expectations, otherwise }: { expectations: BodyExpectations; otherwise?: ChecksumAlgorithm },
): Promise<StoredBody> {
  let writer: BlobWriter | undefined;
  try {
    const { sizeBytes, md5, checksum } = await receiveBody(call, {
      expectations,
      ...(otherwise && { otherwise }),
      async file() {
        writer ??= await call.store.blobs.create();
        return writer.file;
      },
    });
    await writer?.finish();
    return {
      blob: writer?.id ?? null,
      size: sizeBytes,
      md5,
      ...(checksum && { checksum }),
      discard: async () => writer?.discard(),
    };
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}
