/**
 * S3 multipart uploads and EBS direct, answered as they must be and kept nowhere: what a client can do when the
 * service costs next to nothing. Prints its URL. `sink.ts CERTIFICATE`: over TLS, with a certificate that it puts there.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '@ec2-image/local-aws/testing';

interface Stored {
  readonly etag: string;
  readonly size: number;
  readonly crc32?: string;
}

const parts = new Map<string, Map<number, Stored>>();
const objects = new Map<string, Stored>();

const [certificatePath] = process.argv.slice(2);

const answer = (request: IncomingMessage, response: ServerResponse) => {
  const url = new URL(request.url ?? '/', 'http://sink');
  if (url.pathname.startsWith('/snapshots')) void ebs(request, response, url);
  else if (request.method === 'POST' && url.pathname === '/') void ec2(request, response);
  else void s3(request, response, url);
};

const server = certificatePath === undefined ? createServer(answer) : createTls(certificatePath);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(certificatePath === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`);
});

function createTls(path: string) {
  const certificate = selfSigned();
  writeFileSync(path, certificate.cert);
  return createTlsServer(certificate, answer);
}

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

async function s3(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
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

async function ebs(request: IncomingMessage, response: ServerResponse, { pathname }: URL): Promise<void> {
  await drain(request);
  if (request.method === 'PUT') {
    response
      .writeHead(201, {
        'x-amz-checksum': header(request, 'x-amz-checksum')!,
        'x-amz-checksum-algorithm': 'SHA256',
      })
      .end();
  } else if (pathname === '/snapshots') {
    response
      .writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify({ SnapshotId: 'snap-0123456789abcdef0', Status: 'pending', BlockSize: 524_288 }));
  } else {
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"Status":"pending"}');
  }
}

async function ec2(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await drain(request);
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(
      '<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-0123456789abcdef0</snapshotId><status>completed</status></item></snapshotSet></DescribeSnapshotsResponse>',
    );
}
