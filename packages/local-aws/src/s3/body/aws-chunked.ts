import { createHash } from 'node:crypto';
import type { ChunkVerifier } from '../../service.ts';
import { s3Error } from '../errors.ts';

export interface AwsChunkedOptions {
  /** Without one the chunks' signatures, if there are any, are not checked. */
  readonly verifier?: ChunkVerifier;
  /** Hears of the trailing headers, names in lower case, when the last chunk has come. */
  readonly onTrailers: (trailers: ReadonlyMap<string, string>) => void;
}

/**
 * Takes the framing off an `aws-chunked` body: `hex-size[;chunk-signature=…]`, the data, and so on to a chunk of size
 * zero and, it may be, trailing headers. Yields the data as it comes, before the signature of its chunk is checked:
 * nothing may be made of it until the generator has ended.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  { verifier, onTrailers }: AwsChunkedOptions,
): AsyncGenerator<Buffer> {
  const reader = createReader(source);
  for (;;) {
    const { size, signature } = parseChunkHeader(await reader.line());
    const hash = verifier && createHash('sha256');
    for (let left = size; left > 0; ) {
      const bytes = await reader.take(left);
      hash?.update(bytes);
      left -= bytes.length;
      yield bytes;
    }
    if (verifier && hash && !verifier.chunk(hash.digest('hex'), signature))
      throw s3Error('SignatureDoesNotMatch');
    if (size === 0) break;
    if ((await reader.line()) !== '') throw s3Error('IncompleteBody', { message: 'A chunk is not closed.' });
  }
  onTrailers(await readTrailers(reader, verifier));
}

const chunkHeader = /^([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?$/;

function parseChunkHeader(line: string): { size: number; signature: string } {
  const match = chunkHeader.exec(line);
  if (!match?.[1]) throw s3Error('InvalidRequest', { message: `The chunk header is malformed: ${line}` });
  return { size: Number.parseInt(match[1], 16), signature: match[2] ?? '' };
}

async function readTrailers(
  reader: Reader,
  verifier: ChunkVerifier | undefined,
): Promise<Map<string, string>> {
  const trailers = new Map<string, string>();
  const hash = createHash('sha256');
  let signature: string | undefined;
  for (let line = await reader.lastLine(); line !== ''; line = await reader.lastLine()) {
    const colon = line.indexOf(':');
    if (colon < 1) throw s3Error('MalformedTrailerError');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
    } else {
      hash.update(`${name}:${value}\n`);
      trailers.set(name, value);
    }
  }
  if (verifier && trailers.size > 0 && !verifier.trailer(hash.digest('hex'), signature ?? '')) {
    throw s3Error('SignatureDoesNotMatch');
  }
  return trailers;
}

interface Reader {
  /** Up to the next line feed, without it and a carriage return before it. */
  line(): Promise<string>;
  /** The same, but empty at the end of the body. */
  lastLine(): Promise<string>;
  /** At most so many bytes, at least one. */
  take(most: number): Promise<Buffer>;
}

const longestLine = 16 * 1024;

function createReader(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  /** False at the end of the body. */
  async function more(): Promise<boolean> {
    const { done, value } = await chunks.next();
    if (done) return false;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  }
  async function readLine({ atEnd }: { atEnd: 'incomplete' | 'empty' }): Promise<string> {
    let end = rest.indexOf(10);
    while (end < 0) {
      if (rest.length > longestLine)
        throw s3Error('InvalidRequest', { message: 'A line of the body is too long' });
      if (!(await more())) {
        if (atEnd === 'empty' && rest.length === 0) return '';
        throw s3Error('IncompleteBody', { message: 'The request body terminated unexpectedly' });
      }
      end = rest.indexOf(10);
    }
    const line = rest.toString('latin1', 0, end > 0 && rest[end - 1] === 13 ? end - 1 : end);
    rest = rest.subarray(end + 1);
    return line;
  }

  return {
    line: () => readLine({ atEnd: 'incomplete' }),
    lastLine: () => readLine({ atEnd: 'empty' }),
    async take(most) {
      if (rest.length === 0 && !(await more())) {
        throw s3Error('IncompleteBody', { message: 'The request body terminated unexpectedly' });
      }
      const taken = rest.subarray(0, most);
      rest = rest.subarray(taken.length);
      return taken;
    },
  };
}
