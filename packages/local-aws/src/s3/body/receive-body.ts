import { createHash, type Hash } from 'node:crypto';
import { type Checksum, type ChecksumAlgorithm, createChecksum } from '@ec2-image/checksum';
import { s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { ChecksumValue } from './checksum-headers.ts';
import type { BodyExpectations } from './expectations.ts';

export interface ReceivedBody {
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  /** The one that the client sent, verified; else of the algorithm that was asked for. */
  readonly checksum?: ChecksumValue;
}

export interface ReceiveOptions {
  readonly expectations: BodyExpectations;
  /** Computed where the client sends no checksum of its own. */
  readonly otherwise?: ChecksumAlgorithm;
  readonly write: (chunks: readonly Buffer[]) => Promise<void>;
}

// Writes cost a trip to another thread each: worth it for a megabyte, not for the 64 KiB that a socket gives at a time.
const batchBytes = 1024 * 1024;

/**
 * Takes in the body as it comes, hashing it on the way, and holds it against everything its headers promised.
 * At most two batches are in memory: one being filled, one being written.
 */
export async function receiveBody(
  call: S3Call,
  { expectations, otherwise, write }: ReceiveOptions,
): Promise<ReceivedBody> {
  const md5 = createHash('md5');
  const sha256 = expectations.sha256 === undefined ? undefined : createHash('sha256');
  const algorithm = expectations.checksum?.algorithm ?? expectations.trailerAlgorithm ?? otherwise;
  const checksum = algorithm && createChecksum(algorithm);
  const trailers = new Map<string, string>();

  let sizeBytes = 0;
  let batch: Buffer[] = [];
  let batched = 0;
  let writing = Promise.resolve();
  try {
    for await (const chunk of bodyChunks(call, { expectations, trailers })) {
      md5.update(chunk);
      sha256?.update(chunk);
      checksum?.update(chunk);
      sizeBytes += chunk.length;
      batch.push(chunk);
      batched += chunk.length;
      if (sizeBytes > expectations.sizeBytes) throw s3Error('IncompleteBody');
      if (batched >= batchBytes) {
        await writing;
        writing = write(batch);
        // Checked when the next batch is full; until then an early failure must not count as unhandled.
        writing.catch(() => {});
        batch = [];
        batched = 0;
      }
    }
  } finally {
    await writing;
  }
  if (sizeBytes !== expectations.sizeBytes) throw s3Error('IncompleteBody');
  if (batch.length > 0) await write(batch);

  const digests = { md5, sha256, checksum: algorithm && checksum && { algorithm, checksum } };
  return { sizeBytes, ...verify(digests, { expectations, trailers }) };
}

function bodyChunks(
  { request }: S3Call,
  { expectations, trailers }: { expectations: BodyExpectations; trailers: Map<string, string> },
): AsyncIterable<Buffer> {
  // Left alone when reading stops early: a destroyed request takes the connection with it, and the answer.
  const raw = request.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  if (!expectations.awsChunked) return raw;
  return decodeAwsChunked(raw, {
    ...(request.chunkVerifier && { verifier: request.chunkVerifier }),
    onTrailers(received) {
      for (const [name, value] of received) trailers.set(name, value);
    },
  });
}

interface Digests {
  readonly md5: Hash;
  readonly sha256: Hash | undefined;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly checksum: Checksum } | undefined;
}

function verify(
  digests: Digests,
  { expectations, trailers }: { expectations: BodyExpectations; trailers: ReadonlyMap<string, string> },
): Omit<ReceivedBody, 'sizeBytes'> {
  const sha256 = digests.sha256?.digest('hex');
  if (sha256 !== undefined && sha256 !== expectations.sha256) {
    throw s3Error('XAmzContentSHA256Mismatch', {
      details: {
        ClientComputedContentSHA256: expectations.sha256 ?? '',
        S3ComputedContentSHA256: sha256,
      },
    });
  }
  const md5 = digests.md5.digest();
  if (expectations.contentMd5 !== undefined && expectations.contentMd5 !== md5.toString('base64')) {
    throw s3Error('BadDigest', {
      details: {
        ExpectedDigest: Buffer.from(expectations.contentMd5, 'base64').toString('hex'),
        CalculatedDigest: md5.toString('base64'),
      },
    });
  }
  if (!digests.checksum) return { md5: md5.toString('hex') };
  const { algorithm } = digests.checksum;
  const value = digests.checksum.checksum.digest();
  const promised =
    expectations.checksum?.value ??
    (expectations.trailerAlgorithm && trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`));
  if (promised === undefined && expectations.trailerAlgorithm) throw s3Error('MalformedTrailerError');
  if (promised !== undefined && promised !== value) {
    throw s3Error('BadDigest', {
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    });
  }
  return { md5: md5.toString('hex'), checksum: { algorithm, value } };
}
