import { createHash, createHmac } from 'node:crypto';
import { amzDate } from './raw.ts';

const emptyHash = createHash('sha256').digest('hex');

export interface SignedUpload {
  readonly host: string;
  readonly path: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly chunks: readonly string[];
  /** Signed as a trailing header. */
  readonly trailer?: readonly [name: string, value: string];
}

/**
 * A PutObject signed chunk by chunk, written from the pages of the S3 API reference ("Signature calculations for the
 * Authorization header: transferring payload in multiple chunks") apart from the code that checks it.
 */
export function signInChunks({ host, path, accessKeyId, secretAccessKey, chunks, trailer }: SignedUpload) {
  const timestamp = amzDate();
  const day = timestamp.slice(0, 8);
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer ? '-TRAILER' : ''}`;
  const signed: Record<string, string> = {
    'content-encoding': 'aws-chunked',
    host,
    'x-amz-content-sha256': payload,
    'x-amz-date': timestamp,
    'x-amz-decoded-content-length': String(chunks.join('').length),
    ...(trailer && { 'x-amz-trailer': trailer[0] }),
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    'PUT',
    path,
    '',
    ...names.map((name) => `${name}:${signed[name]}`),
    '',
    names.join(';'),
    payload,
  ];
  const key = [day, 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const sign = (...lines: string[]) => createHmac('sha256', key).update(lines.join('\n')).digest('hex');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');

  let signature = sign('AWS4-HMAC-SHA256', timestamp, scope, hash(canonical.join('\n')));
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  let body = '';
  for (const chunk of [...chunks, '']) {
    signature = sign('AWS4-HMAC-SHA256-PAYLOAD', timestamp, scope, signature, emptyHash, hash(chunk));
    body += `${chunk.length.toString(16)};chunk-signature=${signature}\r\n`;
    if (chunk) body += `${chunk}\r\n`;
  }
  if (trailer) {
    const line = `${trailer[0]}:${trailer[1]}`;
    signature = sign('AWS4-HMAC-SHA256-TRAILER', timestamp, scope, signature, hash(`${line}\n`));
    body += `${line}\r\nx-amz-trailer-signature:${signature}\r\n`;
  }
  return { headers: signed, authorization, body: `${body}\r\n` };
}
