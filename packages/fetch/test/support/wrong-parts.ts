import type { RequestListener } from 'node:http';
import { fileHandler } from './file-handler.ts';

/** What is wrong with every answer to a request for a part that does not begin at 0. */
export interface WrongParts {
  readonly content: Buffer;
  /** Of the answer with this number, from 1. Default: `"v1"`. */
  readonly etagOf?: (count: number) => string;
  /** Default: 206, or 200 with the whole file. An error has no body. */
  readonly status?: number;
  readonly isWhole?: boolean;
  /** Given the size of the file. Undefined for none. Default: as it is right. */
  readonly contentRange?: (size: number) => string | undefined;
  /** Ends the connection of the first answer with the whole file after this many bytes. */
  readonly dropFirstAfter?: number;
}

/** How servers answer a request for another part of a file of which they have served one. */
export const wrongParts: readonly [string, Omit<WrongParts, 'content'>][] = [
  ['another ETag each time', { etagOf: (count) => `"v${count}"` }],
  ['the whole file', { isWhole: true }],
  ['416', { status: 416 }],
  ['412', { status: 412 }],
  ['403', { status: 403 }],
  ['501', { status: 501 }],
  ['206 without a Content-Range', { contentRange: () => undefined }],
  [
    '206 with the whole file',
    { isWhole: true, status: 206, contentRange: (size) => `bytes 0-${size - 1}/${size}` },
  ],
  ['206 with another range', { contentRange: (size) => `bytes 1-2/${size}` }],
  ['206 of a file of another size', { contentRange: (size) => `bytes ${size - 12}-${size - 1}/${size + 1}` }],
];

/** Serves the beginning of a file as a good web server does, and the whole of it. */
export function wrongPartsHandler({
  content,
  etagOf = () => '"v1"',
  status,
  isWhole = false,
  contentRange,
  dropFirstAfter,
}: WrongParts): RequestListener {
  let count = 0;
  let hasDropped = false;
  return (request, response) => {
    count += 1;
    const { range } = request.headers;
    const isWrong = range !== undefined && !range.startsWith('bytes=0-');
    if (isWrong && status !== undefined && status >= 400) return void response.writeHead(status).end();
    if (isWrong && (isWhole || contentRange)) {
      const start = Number(/\d+/.exec(range)?.[0]);
      const body = isWhole ? content : content.subarray(start);
      const value = contentRange?.(content.length);
      response
        .writeHead(status ?? (isWhole ? 200 : 206), {
          etag: etagOf(count),
          'content-length': body.length,
          ...(value !== undefined && { 'content-range': value }),
        })
        .end(body);
      return;
    }
    const dropAfter = range === undefined && !hasDropped ? dropFirstAfter : undefined;
    hasDropped ||= dropAfter !== undefined;
    fileHandler({ content, etag: etagOf(count), dropAfter })(request, response);
  };
}
