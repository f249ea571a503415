import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readAuthorization } from '../../src/http/authorization.ts';
import { createChunkVerifier, isSignatureValid, type SignedRequest } from '../../src/http/signature.ts';
import { exampleCredentials } from '../../src/start-local-aws.ts';

const { secretAccessKey } = exampleCredentials;
const empty = createHash('sha256').digest('hex');
const host = 'examplebucket.s3.amazonaws.com';

/** A request as the examples of the S3 API reference print it, and whether its signature holds. */
function valid(request: {
  method: string;
  target: string;
  headers: Readonly<Record<string, string>>;
  payloadHash: string;
}): boolean {
  const [path = '', search = ''] = request.target.split('?');
  const query = new URLSearchParams(search);
  const read = readAuthorization(request.headers, query);
  if (read.kind !== 'signed') throw new Error(read.kind);
  const signed: SignedRequest = {
    method: request.method,
    path,
    query,
    rawHeaders: Object.entries(request.headers).flat(),
    payloadHash: request.payloadHash,
  };
  return isSignatureValid(signed, { authorization: read.authorization, secretAccessKey });
}

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const date = '20130524T000000Z';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
describe('the examples of the S3 API reference', () => {
  test('GET Object, a range', () => {
    const request = {
      method: 'GET',
      target: '/test.txt',
      headers: {
        host,
        range: 'bytes=0-9',
        'x-amz-content-sha256': empty,
        'x-amz-date': date,
        authorization: authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      },
      payloadHash: empty,
    };
    expect(valid(request)).toBe(true);
    expect(valid({ ...request, method: 'PUT' })).toBe(false);
    expect(valid({ ...request, target: '/test.txt?acl' })).toBe(false);
    expect(valid({ ...request, headers: { ...request.headers, range: 'bytes=0-99' } })).toBe(false);
  });

  test('PUT Object, with a character that is encoded', () => {
    const payloadHash = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
    const request = {
      method: 'PUT',
      target: '/test%24file.text',
      headers: {
        host,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-content-sha256': payloadHash,
        'x-amz-date': date,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      },
      payloadHash,
    };
    expect(valid(request)).toBe(true);
    expect(valid({ ...request, target: '/test$file.text' })).toBe(true);
    expect(valid({ ...request, payloadHash: empty })).toBe(false);
  });

  test('GET Bucket, a subresource and a list, whose query is sorted', () => {
    const headers = (signature: string) => ({
      host,
      'x-amz-date': date,
      'x-amz-content-sha256': empty,
      authorization: authorization('host;x-amz-content-sha256;x-amz-date', signature),
    });
    const lifecycle = 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543';
    expect(
      valid({ method: 'GET', target: '/?lifecycle', headers: headers(lifecycle), payloadHash: empty }),
    ).toBe(true);
    const list = '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7';
    for (const target of ['/?max-keys=2&prefix=J', '/?prefix=J&max-keys=2']) {
      expect(valid({ method: 'GET', target, headers: headers(list), payloadHash: empty })).toBe(true);
    }
  });

  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  test('a presigned URL', () => {
    const target =
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const request = { method: 'GET', target, headers: { host }, payloadHash: 'UNSIGNED-PAYLOAD' };
    expect(valid(request)).toBe(true);
    expect(valid({ ...request, target: target.replace('86400', '86401') })).toBe(false);
  });

  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
  test('a body signed in chunks, each over the one before it', () => {
    const headers = {
      'x-amz-date': date,
      authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    };
    const read = readAuthorization(headers, new URLSearchParams());
    if (read.kind !== 'signed') throw new Error(read.kind);
    const chunks: [number, string][] = [
      [65536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
      [1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
      [0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
    ];
    const hash = (size: number) => createHash('sha256').update('a'.repeat(size)).digest('hex');
    const verifier = createChunkVerifier(read.authorization, secretAccessKey);
    expect(chunks.map(([size, signature]) => verifier.chunk(hash(size), signature))).toEqual([
      true,
      true,
      true,
    ]);
    const other = createChunkVerifier(read.authorization, secretAccessKey);
    expect(chunks.map(([size, signature]) => other.chunk(hash(size + 1), signature))[0]).toBe(false);
  });
});

describe('what is not a Version 4 signature', () => {
  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['none at all', {}, '', 'anonymous'],
    ['Version 2', { authorization: 'AWS AKID:sig' }, '', 'malformed'],
    [
      'a scope with a piece missing',
      {
        authorization: 'AWS4-HMAC-SHA256 Credential=A/B/s3/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': date,
      },
      '',
      'malformed',
    ],
    ['no date', { authorization: authorization('host', '0') }, '', 'malformed'],
    [
      'a URL good for more than a week',
      {},
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=0',
      'malformed',
    ],
  ])('%s', (_, headers, query, kind) => {
    expect(readAuthorization(headers, new URLSearchParams(query)).kind).toBe(kind);
  });

  test('an access key id may hold slashes, and a date may come in the Date header', () => {
    const read = readAuthorization(
      {
        authorization:
          'AWS4-HMAC-SHA256 Credential=a/b/20130524/eu-west-1/ec2/aws4_request, SignedHeaders=Host;Date, Signature=0f',
        date: 'Fri, 24 May 2013 00:00:00 GMT',
      },
      new URLSearchParams(),
    );
    expect(read).toMatchObject({
      authorization: {
        accessKeyId: 'a/b',
        region: 'eu-west-1',
        service: 'ec2',
        timestamp: date,
        signedHeaders: ['host', 'date'],
      },
    });
  });
});
