import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compositeETag } from '@ec2-image/checksum';

/**
 * A service that speaks S3 but reports less than S3 does: no checksum anywhere, short pages, ETags of its choice. What
 * the emulator, which is faithful, cannot be made to do.
 */
export interface WeakS3Options {
  /** `md5`: as under SSE-S3. `kms`: no MD5, and says so. `random`: a part's looks like an MD5 and is none. */
  readonly etags?: 'md5' | 'kms' | 'random';
  /** Parts and uploads a page. */
  readonly pageSize?: number;
  /** Takes no If-None-Match nor If-Match on a write. */
  readonly unconditional?: boolean;
  /** Does what it likes with a request before it is understood; true where it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
  /** Spoils what is stored. */
  readonly spoil?: (body: Buffer, partNumber: number) => Buffer;
}

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modified: Date;
}

export async function startWeakS3({
  etags = 'md5',
  pageSize = 1000,
  unconditional = false,
  intercept,
  spoil = (body) => body,
}: WeakS3Options = {}) {
  const uploads = new Map<
    string,
    { key: string; metadata: Record<string, string>; parts: Map<number, Stored> }
  >();
  const objects = new Map<string, Stored>();
  const requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  const sse = etags === 'kms' ? { 'x-amz-server-side-encryption': 'aws:kms' } : {};
  const etagOf = (md5: string) =>
    etags === 'md5' ? md5 : createHash('md5').update(randomUUID()).digest('hex');

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://weak');
    requests.push({ method: request.method!, url: request.url!, headers: request.headers });
    if (await intercept?.(request, response)) return;
    const body = await readBody(request);
    const key = url.pathname;
    const uploadId = url.searchParams.get('uploadId');
    const upload = uploadId === null ? undefined : uploads.get(uploadId);
    const conditional = request.headers['if-none-match'] ?? request.headers['if-match'];
    const refuse = (status: number, code: string) =>
      void response.writeHead(status).end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    if (uploadId !== null && !upload) return refuse(404, 'NoSuchUpload');
    if (unconditional && conditional && request.method !== 'GET') return refuse(501, 'NotImplemented');

    if (request.method === 'POST' && url.searchParams.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, { key, metadata: metadataOf(request), parts: new Map() });
      response.end(
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    } else if (request.method === 'GET' && url.searchParams.has('uploads')) {
      const all = [...uploads].filter(([, open]) => open.key.endsWith(url.searchParams.get('prefix') ?? ''));
      const { page, next, rest } = pageOf(all, url.searchParams.get('upload-id-marker'), ([id]) => id);
      response.end(
        `<ListMultipartUploadsResult><IsTruncated>${rest}</IsTruncated>${rest ? `<NextKeyMarker>${url.searchParams.get('prefix')}</NextKeyMarker><NextUploadIdMarker>${next}</NextUploadIdMarker>` : ''}${page
          .map(
            ([id]) =>
              `<Upload><Key>${url.searchParams.get('prefix')}</Key><UploadId>${id}</UploadId></Upload>`,
          )
          .join('')}</ListMultipartUploadsResult>`,
      );
    } else if (request.method === 'GET' && upload) {
      const all = [...upload.parts].sort(([a], [b]) => a - b);
      const { page, next, rest } = pageOf(all, url.searchParams.get('part-number-marker'), ([n]) =>
        String(n),
      );
      // The marker is there on the last page too, as S3 has it: only IsTruncated says that there is no more.
      response.end(
        `<ListPartsResult><IsTruncated>${rest}</IsTruncated><NextPartNumberMarker>${next ?? 0}</NextPartNumberMarker>${page
          .map(
            ([n, part]) =>
              `<Part><PartNumber>${n}</PartNumber><Size>${part.bytes.length}</Size><ETag>"${part.etag}"</ETag></Part>`,
          )
          .join('')}</ListPartsResult>`,
      );
    } else if (request.method === 'PUT' && upload) {
      const number = Number(url.searchParams.get('partNumber'));
      const bytes = spoil(body, number);
      const etag = etagOf(createHash('md5').update(bytes).digest('hex'));
      upload.parts.set(number, { bytes, etag, metadata: {}, modified: new Date() });
      response.writeHead(200, { etag: `"${etag}"`, ...sse }).end();
    } else if (request.method === 'POST' && upload) {
      if (conditional === '*' && objects.has(key)) return refuse(412, 'PreconditionFailed');
      const listed = [...String(body).matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({
        number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
        etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll(/"|&quot;/g, ''),
      }));
      const parts = listed.map(({ number }) => upload.parts.get(number));
      if (parts.some((part, index) => part?.etag !== listed[index]?.etag)) return refuse(400, 'InvalidPart');
      objects.set(key, {
        bytes: Buffer.concat(parts.map((part) => part!.bytes)),
        etag:
          etags === 'kms' ? `${etagOf('')}-${parts.length}` : compositeETag(parts.map((part) => part!.etag)),
        metadata: upload.metadata,
        modified: new Date(),
      });
      uploads.delete(uploadId!);
      response.end('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
    } else if (request.method === 'DELETE') {
      if (uploadId === null) objects.delete(key);
      else uploads.delete(uploadId);
      response.writeHead(204).end();
    } else {
      const object = objects.get(key);
      if (!object) return refuse(404, 'NoSuchKey');
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      const bytes = range ? object.bytes.subarray(Number(range[1]), Number(range[2]) + 1) : object.bytes;
      response.writeHead(range ? 206 : 200, {
        etag: `"${object.etag}"`,
        'content-length': bytes.length,
        'last-modified': object.modified.toUTCString(),
        ...sse,
        ...object.metadata,
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    }
  }

  function pageOf<T>(all: T[], marker: string | null, idOf: (item: T) => string) {
    const from = marker ? all.findIndex((item) => idOf(item) === marker) + 1 : 0;
    const page = all.slice(from, from + pageSize);
    const last = page.at(-1);
    return { page, next: last === undefined ? undefined : idOf(last), rest: from + pageSize < all.length };
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    uploads,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [],
    ),
  );
}
