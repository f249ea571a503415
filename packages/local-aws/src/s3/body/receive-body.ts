import type { ChecksumAlgorithm } from '@ec2-image/checksum';
import type { Digests } from '../../hashing/digester.ts';
import { type HashPiecesOptions, hashPieces } from '../../hashing/hash-pieces.ts';
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

export interface ReceiveOptions extends Pick<HashPiecesOptions, 'file' | 'onPiece'> {
  readonly expectations: BodyExpectations;
  /** Computed where the client sends no checksum of its own. */
  readonly otherwise?: ChecksumAlgorithm;
}

/** Takes in the body as it comes, hashing it on the way, and holds it against everything its headers promised. */
export async function receiveBody(
  call: S3Call,
  { expectations, otherwise, ...destination }: ReceiveOptions,
): Promise<ReceivedBody> {
  const algorithm = expectations.checksum?.algorithm ?? expectations.trailerAlgorithm ?? otherwise;
  const trailers = new Map<string, string>();
  const { sizeBytes, digests } = await hashPieces(bodyChunks(call, { expectations, trailers }), {
    wanted: {
      md5: true,
      sha256: expectations.sha256 !== undefined,
      ...(algorithm && { checksum: algorithm }),
    },
    sizeBytes: expectations.sizeBytes,
    ...destination,
    onBytes(sizeBytes) {
      if (sizeBytes > expectations.sizeBytes) throw s3Error('IncompleteBody');
    },
  });
  if (sizeBytes !== expectations.sizeBytes) throw s3Error('IncompleteBody');
  return { sizeBytes, ...verify(digests, { expectations, trailers, algorithm }) };
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

function verify(
  digests: Digests,
  {
    expectations,
    trailers,
    algorithm,
  }: {
    readonly expectations: BodyExpectations;
    readonly trailers: ReadonlyMap<string, string>;
    readonly algorithm: ChecksumAlgorithm | undefined;
  },
): Omit<ReceivedBody, 'sizeBytes'> {
  const [md5, sha256] = [Buffer.from(digests.md5!), digests.sha256 && Buffer.from(digests.sha256)];
  if (sha256 && sha256.toString('hex') !== expectations.sha256) {
    throw s3Error('XAmzContentSHA256Mismatch', {
      details: {
        ClientComputedContentSHA256: expectations.sha256 ?? '',
        S3ComputedContentSHA256: sha256.toString('hex'),
      },
    });
  }
  if (expectations.contentMd5 !== undefined && expectations.contentMd5 !== md5.toString('base64')) {
    throw s3Error('BadDigest', {
      details: {
        ExpectedDigest: Buffer.from(expectations.contentMd5, 'base64').toString('hex'),
        CalculatedDigest: md5.toString('base64'),
      },
    });
  }
  const value = digests.checksum;
  if (!algorithm || value === undefined) return { md5: md5.toString('hex') };
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
