import { GetObjectCommand } from '@aws-sdk/client-s3';
import { AwsCallError, explainCall, isAwsCallError, isTransient, policies, retry } from '@ec2-image/aws-call';
import { createChecksum } from '@ec2-image/checksum';
import type { Address, S3 } from '../call/s3.ts';
import type { ByteRange } from '../disk/part-plan.ts';

/**
 * The CRC32 of each stretch of an object as S3 serves it. A broken connection is resumed, stretch by stretch; an
 * object that another has taken the place of answers 412.
 */
export async function readBack({
  s3,
  address,
  etag,
  ranges,
  onProgress,
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly etag: string;
  readonly ranges: readonly ByteRange[];
  readonly onProgress?: (bytes: number) => void;
}): Promise<string[]> {
  const checksums: string[] = [];
  for (const range of ranges) {
    checksums.push(await readRange({ s3, address, etag, range }));
    onProgress?.(range.end - range.start);
  }
  return checksums;
}

function readRange({
  s3,
  address,
  etag,
  range: { start, end },
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly etag: string;
  readonly range: ByteRange;
}): Promise<string> {
  return retry(s3, {
    policy: policies.readObject,
    isRetryable: isWorthRepeating,
    async call() {
      const { Body } = await s3.send(
        new GetObjectCommand({ ...address, IfMatch: etag, Range: `bytes=${start}-${end - 1}` }),
      );
      const checksum = createChecksum('CRC32');
      let received = 0;
      try {
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          s3.signal?.throwIfAborted();
          checksum.update(chunk);
          received += chunk.length;
        }
      } catch (error) {
        s3.signal?.throwIfAborted();
        throw explainCall({ error, service: 'S3', operation: 'GetObject' });
      }
      if (received === end - start) return checksum.digest();
      throw new AwsCallError('AWS_UNREACHABLE', `S3 sent ${received} of ${end - start} bytes`, {
        hint: 'Run the same command again.',
        facts: { service: 'S3', operation: 'GetObject' },
      });
    },
  });
}

/** What the SDK could not have retried: it had handed the body over by then. */
function isWorthRepeating(error: unknown): boolean {
  return isTransient(error) || !isAwsCallError(error);
}
