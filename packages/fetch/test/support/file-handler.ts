import type { IncomingHttpHeaders, RequestListener } from 'node:http';

export interface ServedFile {
  readonly content: Buffer;
  /** Default: `"v1"`. Null for none. */
  readonly etag?: string | null;
  readonly lastModified?: string;
  /** Whether it takes ranges at all. Default: true. */
  readonly ranges?: boolean;
  /** Ends the connection after this many bytes of a body. */
  readonly dropAfter?: number;
}

/** Serves a file as a good web server does: Range, If-Range, Content-Length. */
export function fileHandler(fileOf: ServedFile | ((count: number) => ServedFile)): RequestListener {
  let count = 0;
  return (request, response) => {
    count += 1;
    const file = typeof fileOf === 'function' ? fileOf(count) : fileOf;
    const { content, ranges = true, dropAfter } = file;
    const headers = validators(file);
    const range =
      ranges && ifRangeHolds(request.headers, headers) ? rangeOf(request.headers, content) : undefined;
    if (range && range.start >= content.length) {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = range ? content.subarray(range.start, range.end) : content;
    response.writeHead(range ? 206 : 200, {
      ...headers,
      ...(ranges && { 'accept-ranges': 'bytes' }),
      ...(range && { 'content-range': `bytes ${range.start}-${range.end - 1}/${content.length}` }),
      'content-length': body.length,
    });
    if (dropAfter === undefined || dropAfter >= body.length) response.end(body);
    else response.write(body.subarray(0, dropAfter), () => response.destroy());
  };
}

/** Every byte of it tells where it belongs. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const content = Buffer.alloc(length);
  let state = seed;
  for (let offset = 0; offset + 4 <= length; offset += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, offset);
  }
  return content;
}

function validators({ etag = '"v1"', lastModified }: ServedFile): Record<string, string> {
  return {
    ...(etag !== null && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
  };
}

function ifRangeHolds(request: IncomingHttpHeaders, answer: Record<string, string>): boolean {
  const condition = request['if-range'];
  return condition === undefined || condition === answer.etag || condition === answer['last-modified'];
}

function rangeOf(headers: IncomingHttpHeaders, content: Buffer): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (!match) return undefined;
  return {
    start: Number(match[1]),
    end: match[2] ? Math.min(Number(match[2]) + 1, content.length) : content.length,
  };
}
