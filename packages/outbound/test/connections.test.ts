import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ForwardProxy, selfSigned, startForwardProxy } from '@ec2-image/local-aws/testing';
import { createAgents, createDispatcher, outboundErrorIn, readProxies } from '@ec2-image/outbound';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const certificate = selfSigned({ hosts: ['aws.test', 'localhost'] });
const ca = [certificate.cert];
const answer = (_request: unknown, response: { end(text: string): void }) => response.end('hello');
const servers = [createServer(answer), createTlsServer(certificate, answer)] as const;
const portOf = (server: (typeof servers)[number]) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => servers.map((server) => server.close().closeAllConnections()));

/** Names that nobody resolves: what is answered came through the proxy. */
const to = (host: string) => ({ port: portOf(servers[host.endsWith(':443') ? 1 : 0]) });

type Get = (url: string, env: Readonly<Record<string, string>>, timeoutMs?: number) => Promise<string>;

const byNode: Get = async (url, env, connectTimeoutMs = 5000) => {
  const target = new URL(url);
  const proxy = readProxies(env).proxyFor(target);
  const { httpAgent, httpsAgent } = createAgents(proxy, {
    keepAlive: true,
    maxSockets: 4,
    connectTimeoutMs,
    ca,
  });
  try {
    const sent =
      target.protocol === 'https:'
        ? httpsRequest({ host: target.hostname, port: target.port, path: '/', agent: httpsAgent })
        : httpRequest({ host: target.hostname, port: target.port, path: '/', agent: httpAgent });
    const [response] = (await once(sent.end(), 'response')) as [IncomingMessage];
    return `${response.statusCode} ${await text(response)}`;
  } finally {
    httpAgent.destroy();
    httpsAgent.destroy();
  }
};

const byUndici: Get = async (url, env, connectTimeoutMs = 5000) => {
  const dispatcher = createDispatcher({ proxies: readProxies(env), connectTimeoutMs, ca });
  try {
    const { statusCode, body } = await dispatcher.request({ origin: url, path: '/', method: 'GET' });
    return `${statusCode} ${await body.text()}`;
  } finally {
    await dispatcher.destroy();
  }
};

const urls = ['https://aws.test', 'http://aws.test'];
const counted = ({ tunnels, requests }: ForwardProxy) => [tunnels.length, requests.length];

describe.each([
  ['Node', byNode],
  ['undici', byUndici],
])('by the client of %s', (_, get) => {
  async function failure(url: string, env: Readonly<Record<string, string>>, timeoutMs?: number) {
    const error = await get(url, env, timeoutMs).then(String, (thrown: unknown) => thrown);
    const found = outboundErrorIn(error);
    expect(found, String(error)).toBeDefined();
    expect(JSON.stringify([found!.message, found!.hint, found!.facts])).not.toContain('secret');
    return found!;
  }

  test.each([
    ['reached in the clear', undefined],
    ['reached by TLS', certificate],
  ])('a proxy with a password, %s', async (_name, tls) => {
    await using proxy = await startForwardProxy({
      to,
      credentials: 'me:s:ecret/',
      ...(tls && { certificate: tls }),
    });
    const url = (userInfo: string) => proxy.url.replace('://', `://${userInfo}@`);
    const env = { ALL_PROXY: url('me:s%3Aecret%2F') };
    for (const each of urls) expect(await get(each, env)).toBe('200 hello');
    expect(counted(proxy)).toEqual([1, 1]);
    expect(proxy.tunnels).toEqual(['aws.test:443']);
    expect(await failure(urls[0]!, { ALL_PROXY: url('me:secret') })).toMatchObject({
      code: 'PROXY_REFUSED',
      message: expect.stringMatching(/\(ALL_PROXY\) answered 407 .*aws\.test.*user and password/),
    });
  });

  test('a proxy that lets nothing through', async () => {
    await using proxy = await startForwardProxy({ to });
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//me:secret@') };
    for (const [status, code] of [
      [403, 'PROXY_REFUSED'],
      [502, 'PROXY_UNREACHABLE'],
      [418, 'PROXY_REFUSED'],
    ] as const) {
      proxy.answer(status);
      const error = await failure(urls[0]!, env);
      expect(error).toMatchObject({ code, facts: { status, variable: 'HTTPS_PROXY' } });
      expect(error.hint).toContain('NO_PROXY');
    }
    proxy.answer(0);
    expect(await failure(urls[0]!, env, 200)).toMatchObject({ code: 'PROXY_UNREACHABLE' });
  });

  test('a proxy that is not there', async () => {
    const proxy = await startForwardProxy();
    await proxy[Symbol.asyncDispose]();
    for (const url of urls) {
      expect(await failure(url, { ALL_PROXY: proxy.url })).toMatchObject({
        code: 'PROXY_UNREACHABLE',
        hint: expect.stringContaining('ALL_PROXY'),
      });
    }
    const unknown = await failure(urls[0]!, { https_proxy: 'me:secret@proxy.invalid' });
    expect(unknown).toMatchObject({ code: 'PROXY_UNREACHABLE', facts: { proxy: 'proxy.invalid' } });
  });

  test('loopback is reached without the proxy', async () => {
    await using proxy = await startForwardProxy({ to });
    const env = { ALL_PROXY: proxy.url };
    expect(await get(`https://localhost:${portOf(servers[1])}`, env)).toBe('200 hello');
    expect(await get(`http://127.0.0.1:${portOf(servers[0])}`, env)).toBe('200 hello');
    expect(counted(proxy)).toEqual([0, 0]);
  });

  test('what is behind the proxy is not blamed on it', async () => {
    await using proxy = await startForwardProxy({ to });
    const error = await get('https://other.test', { ALL_PROXY: proxy.url }).catch(
      (thrown: unknown) => thrown,
    );
    expect(outboundErrorIn(error)).toBeUndefined();
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
