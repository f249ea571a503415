import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { type Digest, digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { printable } from '@ec2-image/redact';
import { FetchError } from '../errors.ts';
import { type RecordedFile, requireUnchanged } from '../file-state.ts';
import type { Progress } from '../hash-file.ts';
import { openDispatcher } from '../http-get.ts';
import type { RetryOptions } from '../mirrors.ts';
import { defaultStallTimeoutMs } from '../retry.ts';
import type { Signer } from './judge-signature.ts';
import { fetchSignature, requireSignatureUrl, type Trust } from './trust.ts';
import { verifySignature } from './verify-signature.ts';

export interface ImageSignatureOptions extends RetryOptions {
  /** As `fetchImage` gave it. */
  readonly image: RecordedFile & { readonly size: number; readonly digest: Digest };
  readonly trust: Trust;
  /** Bytes of the image read so far. */
  readonly onProgress?: (progress: Progress) => void;
}

const readBytes = 2 ** 20;

/**
 * Who signed an image. It is read from front to back, once for each signature in the file, and never held in memory; the bytes that are
 * verified have the digest, so that everything else that has it was signed, too.
 *
 * @throws FetchError `SIGNATURE_*`, `IMAGE_CHANGED`
 */
export async function verifyImageSignature(options: ImageSignatureOptions): Promise<Signer> {
  const { image, trust, signal, onProgress, ...retry } = options;
  const { stallTimeoutMs = defaultStallTimeoutMs, now = Date.now } = options;
  const shown = printable(image.path, { maxLength: 400 });
  const url = requireSignatureUrl(trust, image.path);
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  try {
    const network = { dispatcher, stallTimeoutMs, now, signal };
    const { content, source } = await fetchSignature({ ...retry, signal, url, network });
    const reads: Read[] = [];
    const verified = verifySignature({
      signature: content,
      signatureUrl: source.shown,
      signed: shown,
      bytes: () => {
        const read = readImage({ image, signal, onProgress });
        reads.push(read);
        return read.stream;
      },
      keyring: trust.keyring,
      now,
    });
    const signer = await verified.catch(async (error: unknown) => {
      // A file that cannot be read, or is written to meanwhile, does not have a wrong signature.
      signal?.throwIfAborted();
      for (const { failure } of reads) if (failure.cause) throw failure.cause;
      await requireUnchanged({ file: image, signal });
      throw error;
    });
    if (!reads.every(({ digest }) => digest() === image.digest)) throw imageChanged(shown);
    return signer;
  } finally {
    await dispatcher.destroy();
  }
}

interface Read {
  readonly stream: ReadableStream<Uint8Array>;
  readonly failure: { cause?: unknown };
  /** Of all bytes, once they were read. */
  readonly digest: () => Digest;
}

function readImage({
  image,
  signal,
  onProgress,
}: Pick<ImageSignatureOptions, 'image' | 'signal' | 'onProgress'>): Read {
  const algorithm = digestAlgorithm(image.digest);
  const hash = createHash(algorithm);
  const failure: { cause?: unknown } = {};
  let done = 0;
  const hashed = new Transform({
    transform(chunk: Buffer, _, next) {
      hash.update(chunk);
      done += chunk.length;
      onProgress?.({ done, total: image.size });
      next(null, chunk);
    },
  });
  const file = createReadStream(image.path, { highWaterMark: readBytes, signal });
  file.on('error', (cause) => {
    failure.cause = cause;
    hashed.destroy(cause);
  });
  file.pipe(hashed);
  return {
    stream: Readable.toWeb(hashed) as ReadableStream<Uint8Array>,
    failure,
    digest: () => digestOf(algorithm, hash.copy().digest('hex')),
  };
}

function imageChanged(shown: string): FetchError {
  return new FetchError('IMAGE_CHANGED', `${shown} changed while its signature was verified`, {
    hint: 'Run the same command again when nothing writes to the file any more.',
    facts: { path: shown },
  });
}
