import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { readChecksum, streamImage } from '@ec2-image/fetch';
import { selfSigned } from '@ec2-image/local-aws/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve, serveTls } from './support/server.ts';
import { catchFailure, digestOfBytes, fetchTo, patient } from './support/work.ts';

const content = sampleBytes(100_000);
const digest = digestOfBytes(content);
const certificate = selfSigned();
const usual = getCACertificates();

afterEach(() => {
  setDefaultCACertificates(usual);
  vi.unstubAllEnvs();
});

test('an image over https', async () => {
  setDefaultCACertificates([certificate.cert]);
  const { url } = await serveTls(certificate, fileHandler({ content }));
  expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ outcome: 'downloaded' });
});

test('a certificate nobody vouches for fails at once', async () => {
  const { url } = await serveTls(certificate, fileHandler({ content }));
  const { sleeps, options } = patient();
  const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, ...options }));
  expect(error).toMatchObject({ code: 'TLS_UNTRUSTED', reason: expect.stringMatching(/SELF_SIGNED/) });
  expect(sleeps).toEqual([]);
});

test('https never continues as http', async () => {
  setDefaultCACertificates([certificate.cert]);
  const plain = await serve(fileHandler({ content }));
  const { url } = await serveTls(certificate, (_request, response) =>
    response.writeHead(302, { location: `${plain.url}/disk` }).end(),
  );
  const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest }));
  expect(error).toMatchObject({
    code: 'REDIRECT_REFUSED',
    message: expect.stringContaining('from https to http'),
  });
  const checksum = await catchFailure(
    readChecksum({ url: `${url}/SUMS`, imageUrl: '/images/disk', allowInsecure: true }),
  );
  expect(checksum.code).toBe('REDIRECT_REFUSED');
  expect(plain.requests).toEqual([]);
});

test('https continues as http where the digest is beyond doubt', async () => {
  setDefaultCACertificates([certificate.cert]);
  const plain = await serve(fileHandler({ content }));
  const { url } = await serveTls(certificate, (_request, response) =>
    response.writeHead(302, { location: `${plain.url}/disk` }).end(),
  );
  const options = { url: `${url.replace('//', '//me:secret@')}/disk`, digest, allowHttpRedirect: true };
  expect(await fetchTo({ ...options, connections: 2 })).toMatchObject({ outcome: 'downloaded' });
  expect(plain.requests.map(({ headers }) => headers.authorization)).not.toContainEqual(expect.anything());
  await using stream = await streamImage({ ...options, digest });
  expect(stream).toMatchObject({ size: content.length });
});

test('http may go on as https', async () => {
  setDefaultCACertificates([certificate.cert]);
  const secure = await serveTls(certificate, fileHandler({ content }));
  const { url } = await serve((_request, response) =>
    response.writeHead(302, { location: secure.url }).end(),
  );
  expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ outcome: 'downloaded' });
});

test('the proxy of the environment is used, except for what NO_PROXY names', async () => {
  const direct = await serve(fileHandler({ content }));
  const proxy = await serve(fileHandler({ content }));
  vi.stubEnv('HTTP_PROXY', proxy.url);
  vi.stubEnv('http_proxy', proxy.url);
  vi.stubEnv('no_proxy', '127.0.0.1');
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  await fetchTo({ url: 'http://images.invalid/disk', digest });
  expect(proxy.requests.map(({ path }) => path)).toEqual(['http://images.invalid/disk']);
  await fetchTo({ url: `${direct.url}/disk`, digest });
  expect([proxy.requests.length, direct.requests.length]).toEqual([1, 1]);
});

test('a checksum over plain http from another machine is read where that is allowed', async () => {
  const proxy = await serve((_request, response) => response.end(`${digest.slice(7)}  disk\n`));
  vi.stubEnv('HTTP_PROXY', proxy.url);
  vi.stubEnv('http_proxy', proxy.url);
  const options = { url: 'http://images.invalid/SUMS', imageUrl: '/images/disk' };
  expect(await catchFailure(readChecksum(options))).toMatchObject({ code: 'INSECURE_CHECKSUM' });
  expect(proxy.requests).toEqual([]);
  expect(await readChecksum({ ...options, allowInsecure: true })).toMatchObject({ digest });
});

test('a proxy that is none says so, without showing it', async () => {
  vi.stubEnv('http_proxy', 'http://me:secret@proxy:port');
  const error = await catchFailure(fetchTo({ url: 'http://images.invalid/disk', digest }));
  expect(error).toMatchObject({ code: 'BAD_PROXY' });
  expect(error.cause).toBeUndefined();
  expect(error.message).not.toContain('secret');
});
