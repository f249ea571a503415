import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checksumOf } from '@ec2-image/checksum';
import { exampleCredentials } from '../../src/start-local-aws.ts';
import { describe, expect, type TestAccount, testWith } from '../support/account.ts';
import { sendHalf } from '../support/half-a-body.ts';
import { element, type RawRequest, scopedTo, send } from '../support/raw.ts';
import { signInChunks } from '../support/signed-chunks.ts';

const notices: string[] = [];
const test = testWith({ buckets: ['bkt'], onNotice: (message) => notices.push(message) });

const ask = (account: TestAccount, request: RawRequest) => send(account.aws.url, request);
const codeOf = ({ status, body }: { status: number; body: string }) => [status, element(body, 'Code')];
const stored = async (account: TestAccount, key: string) => {
  const { body, status } = await ask(account, { target: `/bkt/${key}` });
  return status === 200 ? body : undefined;
};
const crc32 = (text: string) => checksumOf('CRC32', Buffer.from(text));

describe('a body in chunks', () => {
  const chunked = (body: string, headers: Readonly<Record<string, string>>, decoded = 5): RawRequest => ({
    method: 'PUT',
    target: '/bkt/chunked',
    body,
    headers: {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': String(decoded),
      'content-encoding': 'aws-chunked',
      ...headers,
    },
  });
  const trailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };

  test('is unwrapped, and its trailing checksum verified', async ({ account }) => {
    const body = `3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:${crc32('hello')}\r\n\r\n`;
    const answer = await ask(account, chunked(body, trailer));
    expect([answer.status, answer.headers['x-amz-checksum-crc32']]).toEqual([200, crc32('hello')]);
    const read = await ask(account, { target: '/bkt/chunked' });
    expect([read.body, read.headers['content-encoding']]).toEqual(['hello', undefined]);
  });

  test.for([
    [
      'the checksum of something else',
      `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`,
      trailer,
      5,
      'BadDigest',
    ],
    ['no trailer where one was announced', '5\r\nhello\r\n0\r\n\r\n', trailer, 5, 'MalformedTrailerError'],
    ['more than was announced', '5\r\nhello\r\n0\r\n\r\n', {}, 4, 'IncompleteBody'],
    ['less than was announced', '5\r\nhello\r\n0\r\n\r\n', {}, 6, 'IncompleteBody'],
    ['an end in the middle', '5\r\nhel', {}, 5, 'IncompleteBody'],
    [
      'a trailer that S3 does not know',
      '5\r\nhello\r\n0\r\n\r\n',
      { 'x-amz-trailer': 'x-other' },
      5,
      'InvalidRequest',
    ],
  ] as const)(
    'with %s is refused, and nothing is kept',
    async ([_, body, headers, decoded, code], { account }) => {
      await ask(account, { method: 'DELETE', target: '/bkt/chunked' });
      expect(codeOf(await ask(account, chunked(body, headers, decoded)))).toEqual([400, code]);
      expect(await stored(account, 'chunked')).toBeUndefined();
    },
  );

  test('needs to say how long it is', async ({ account }) => {
    const { headers, ...request } = chunked('5\r\nhello\r\n0\r\n\r\n', {});
    const { 'x-amz-decoded-content-length': _, ...rest } = headers!;
    expect(codeOf(await ask(account, { ...request, headers: rest }))).toEqual([411, 'MissingContentLength']);
  });

  describe('that are signed', () => {
    const host = (account: TestAccount) => new URL(account.aws.url).host;
    const put = (
      account: TestAccount,
      chunks: string[],
      change = (body: string) => body,
      withTrailer = true,
    ) => {
      const { headers, authorization, body } = signInChunks({
        ...exampleCredentials,
        host: host(account),
        path: '/bkt/signed',
        chunks,
        ...(withTrailer && { trailer: ['x-amz-checksum-crc32', crc32(chunks.join(''))] }),
      });
      return ask(account, {
        method: 'PUT',
        target: '/bkt/signed',
        headers,
        authorization,
        body: change(body),
      });
    };

    test('is taken, with and without a signed trailer', async ({ account }) => {
      expect((await put(account, ['first ', 'second'])).status).toBe(200);
      expect(await stored(account, 'signed')).toBe('first second');
      expect((await put(account, ['first ', 'other'], undefined, false)).status).toBe(200);
      expect(await stored(account, 'signed')).toBe('first other');
    });

    test.for([
      ['a chunk', (body: string) => body.replace('second', 'sEcond')],
      ['the trailer', (body: string) => body.replace(/trailer-signature:../, 'trailer-signature:zz')],
    ] as const)('is refused if %s was changed on the way', async ([_, change], { account }) => {
      await ask(account, { method: 'DELETE', target: '/bkt/signed' });
      expect(codeOf(await put(account, ['first ', 'second'], change))).toEqual([
        403,
        'SignatureDoesNotMatch',
      ]);
      expect(await stored(account, 'signed')).toBeUndefined();
    });
  });
});

describe('a body that never comes', () => {
  test('leaves nothing behind when the client goes in the middle of it', async ({ account }) => {
    const socket = await sendHalf(account.aws.url, { target: '/bkt/half', sizeBytes: 6_000_000 });
    await untilFiles(account, (count) => count > 0);
    socket.destroy();
    await untilFiles(account, (count) => count === 0);
    expect(await stored(account, 'half')).toBeUndefined();
    expect(account.aws.calls.list().at(-2)).toMatchObject({ operation: 'PutObject', outcome: 'client-left' });
  });

  /** Of those that nothing is known of yet. */
  async function untilFiles(account: TestAccount, right: (count: number) => boolean): Promise<void> {
    const blobs = join(account.directory, 'blobs');
    const known = new Set(before);
    for (let tries = 0; tries < 200; tries += 1) {
      const files = (await readdir(blobs, { recursive: true })).filter((name) => name.length > 3);
      if (right(files.filter((name) => !known.has(name)).length)) return;
      await sleep(10);
    }
    throw new Error('the files did not change');
  }
  const before: string[] = [];
  test.beforeAll(async ({ account }) => {
    before.push(...(await readdir(join(account.directory, 'blobs'), { recursive: true })));
  });
});

describe('Expect: 100-continue', () => {
  test('is answered when the body is wanted', async ({ account }) => {
    const answer = await ask(account, {
      method: 'PUT',
      target: '/bkt/expected',
      body: 'hello',
      expectContinue: true,
    });
    expect([answer.status, answer.continued]).toEqual([200, true]);
    expect(await stored(account, 'expected')).toBe('hello');
  });

  test('is not answered where the head is enough to refuse', async ({ account }) => {
    const answer = await ask(account, {
      method: 'PUT',
      target: '/none-such/k',
      body: 'hello',
      expectContinue: true,
    });
    expect([...codeOf(answer), answer.continued]).toEqual([404, 'NoSuchBucket', false]);
    expect(answer.headers.connection).toBe('close');
  });
});

describe('who is asking', () => {
  const as = (account: TestAccount, credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new S3Client({
      endpoint: account.aws.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials,
    });

  test('a known key with its secret is believed, with signed and unsigned bodies, odd names and queries', async ({
    account,
  }) => {
    const s3 = as(account, exampleCredentials);
    for (const Key of ['plain', "odd +&=é*'()!~/name", 'a//b']) {
      await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key, Body: Key, Metadata: { note: 'a  b' } }));
      const { Body } = await s3.send(
        new GetObjectCommand({ Bucket: 'bkt', Key, ResponseContentType: 'text/plain; charset=utf-8' }),
      );
      expect(await Body!.transformToString()).toBe(Key);
    }
    s3.destroy();
    const sts = new STSClient({
      endpoint: account.aws.url,
      region: 'us-east-1',
      credentials: exampleCredentials,
    });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
    sts.destroy();
  });

  test('a known key without its secret is not', async ({ account }) => {
    const wrong = { ...exampleCredentials, secretAccessKey: 'wrong' };
    const s3 = as(account, wrong);
    await expect(s3.send(new GetObjectCommand({ Bucket: 'bkt', Key: 'k' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
    s3.destroy();
    const sts = new STSClient({
      endpoint: account.aws.url,
      region: 'us-east-1',
      credentials: wrong,
      maxAttempts: 1,
    });
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    sts.destroy();
  });

  test('an unknown key is, whatever its secret', async ({ account }) => {
    const s3 = as(account, { accessKeyId: 'anybody', secretAccessKey: 'anything' });
    await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key: 'k', Body: 'x' }));
    s3.destroy();
  });

  test.for<[string, RawRequest, unknown[]]>([
    ['nobody, of S3', { target: '/bkt/k', authorization: null }, [403, 'AccessDenied']],
    [
      'nobody, of EC2',
      { target: '/?Action=DescribeRegions&Version=2016-11-15', authorization: null },
      [400, 'MissingParameter'],
    ],
    [
      'nobody, of STS',
      { target: '/?Action=GetCallerIdentity&Version=2011-06-15', authorization: null },
      [403, 'MissingAuthenticationToken'],
    ],
    [
      'a signature of Version 2',
      { target: '/bkt/k', authorization: 'AWS AKID:sig' },
      [400, 'InvalidRequest'],
    ],
    [
      'a broken scope',
      { target: '/bkt/k', authorization: 'AWS4-HMAC-SHA256 Credential=A/B' },
      [400, 'AuthorizationHeaderMalformed'],
    ],
  ])('%s is refused as the service does it', async ([_, request, expected], { account }) => {
    expect(codeOf(await ask(account, request))).toEqual(expected);
  });
});

describe('the head of an answer', () => {
  test('carries its ids, in an error’s body too', async ({ account }) => {
    const answer = await ask(account, { target: '/bkt/nothing' });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/xml', server: 'AmazonS3' });
    expect(element(answer.body, 'RequestId')).toBe(answer.headers['x-amz-request-id']);
    expect(element(answer.body, 'HostId')).toBe(answer.headers['x-amz-id-2']);
    expect(element(answer.body, 'Key')).toBe('nothing');
  });

  test('is all there is to an error of a HEAD', async ({ account }) => {
    const answer = await ask(account, { method: 'HEAD', target: '/bkt/nothing' });
    expect([answer.status, answer.body]).toEqual([404, '']);
  });
});

describe('what the emulator does not know fails loudly', () => {
  test.for<[string, RawRequest, RegExp]>([
    ['a call of S3', { method: 'PUT', target: '/bkt?website', body: '{}' }, /S3's PUT of a bucket \?website/],
    ['a call on an object', { method: 'POST', target: '/bkt/k?restore' }, /S3's POST of an object \?restore/],
    ['a service', { target: '/', authorization: scopedTo('sqs') }, /the service sqs/],
  ])('%s', async ([_, request, notice], { account }) => {
    notices.length = 0;
    const answer = await ask(account, request);
    expect(answer.status).toBe(501);
    expect(answer.body).toMatch(notice);
    expect(notices).toEqual([expect.stringMatching(notice)]);
  });
});

test('undecodable paths, external entities and malformed XML are refused', async ({ account }) => {
  expect(codeOf(await ask(account, { target: '/bkt/%ff' }))).toEqual([400, 'InvalidURI']);
  const md5 = (text: string) => createHash('md5').update(text).digest('base64');
  for (const body of [
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    '<Delete><Object>',
    '<Other/>',
    '',
  ]) {
    const answer = await ask(account, {
      method: 'POST',
      target: '/bkt?delete',
      body,
      headers: { 'content-md5': md5(body) },
    });
    expect([400, body ? 'MalformedXML' : 'MissingRequestBodyError']).toEqual(codeOf(answer));
  }
});

test('a proxy’s absolute form is understood', async ({ account }) => {
  await ask(account, { method: 'PUT', target: '/bkt/proxied', body: 'x' });
  expect((await ask(account, { target: `${account.aws.url}/bkt/proxied` })).body).toBe('x');
});
