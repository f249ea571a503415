/**
 * S3 multipart uploads, answered as they must be and kept nowhere: what a client can do when the service costs next to
 * nothing. Prints its URL.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stored {
  readonly etag: string;
  readonly size: number;
  readonly crc32?: string;
}

const parts = new Map<string, Map<number, Stored>>();
const objects = new Map<string, Stored>();

const server = createServer((request, response) => {
  void answer(request, response, new URL(request.url ?? '/', 'http://sink'));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);

/** Reads and forgets; how many bytes it was. */
async function drain(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await new Promise((resolve) => request.on('end', resolve));
  return Number(request.headers['x-amz-decoded-content-length'] ?? bytes);
}

const header = (request: IncomingMessage, name: string) => request.headers[name] as string | undefined;

async function answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const key = url.pathname;
  const uploadId = url.searchParams.get('uploadId');
  const crc32 = header(request, 'x-amz-checksum-crc32');
  const xml = (body: string) =>
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
  switch (request.method) {
    case 'PUT': {
      const size = await drain(request);
      const etag = `"${randomUUID().replaceAll('-', '')}"`;
      const stored = { etag, size, crc32 };
      if (uploadId === null) objects.set(key, stored);
      else parts.get(uploadId)?.set(Number(url.searchParams.get('partNumber')), stored);
      response.writeHead(200, { etag, ...(crc32 && { 'x-amz-checksum-crc32': crc32 }) }).end();
      return;
    }
    case 'POST': {
      await drain(request);
      if (uploadId === null) {
        const id = randomUUID();
        parts.set(id, new Map());
        xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
        return;
      }
      const size = [...parts.get(uploadId)!.values()].reduce((sum, part) => sum + part.size, 0);
      const etag = `"${'0'.repeat(32)}-${parts.get(uploadId)!.size}"`;
      objects.set(key, { etag, size, crc32 });
      parts.delete(uploadId);
      const checksum = crc32
        ? `<ChecksumCRC32>${crc32}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>`
        : '';
      xml(
        `<CompleteMultipartUploadResult><ETag>${etag.replaceAll('"', '&quot;')}</ETag>${checksum}</CompleteMultipartUploadResult>`,
      );
      return;
    }
    case 'HEAD': {
      const object = objects.get(key);
      if (!object) {
        response.writeHead(404).end();
        return;
      }
      response
        .writeHead(200, {
          etag: object.etag,
          'content-length': object.size,
          'last-modified': new Date().toUTCString(),
          ...(object.crc32 && {
            'x-amz-checksum-crc32': object.crc32,
            'x-amz-checksum-type': 'FULL_OBJECT',
          }),
        })
        .end();
      return;
    }
    default:
      await drain(request);
      if (uploadId !== null) {
        const listed = [...(parts.get(uploadId) ?? [])].map(
          ([number, { etag, size, crc32 }]) =>
            `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${size}</Size>${crc32 ? `<ChecksumCRC32>${crc32}</ChecksumCRC32>` : ''}</Part>`,
        );
        xml(`<ListPartsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListPartsResult>`);
      } else if (url.searchParams.has('uploads')) {
        xml('<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>');
      } else {
        xml('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
      }
  }
}
