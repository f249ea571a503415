import { lookup } from 'node:dns';
import { createServer, Agent as HttpAgent, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type CallOptions, createSender, isTransient, retry, waitUntil } from '@ec2-image/aws-call';
import { fakeClock } from '@ec2-image/aws-call/testing';
import { expect, test } from 'vitest';

const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
const answer = '<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>';
const html = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const typeHtml = { 'content-type': 'text/html' };

/** EC2, which fails so often in this way before it answers. */
async function serve(fails: number, fail: (response: ServerResponse) => void) {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    if (requests <= fails) fail(response);
    else response.writeHead(200, { 'content-type': 'text/xml' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function setUp(
  endpoint: string,
  {
    agent,
    requestTimeout = 10_000,
    ...options
  }: CallOptions & { readonly agent?: HttpAgent; readonly requestTimeout?: number } = {},
) {
  const clock = fakeClock();
  const notices: string[] = [];
  const client = new EC2Client({
    region: 'us-east-1',
    credentials,
    endpoint,
    // Bounds what the service answers, and nothing else.
    maxAttempts: 1,
    requestHandler: { requestTimeout, throwOnRequestTimeout: true, httpAgent: agent },
  });
  const ec2 = createSender({
    client,
    service: 'EC2',
    clock,
    onNotice: (message) => void notices.push(message),
    ...options,
  });
  return { ec2, clock, notices };
}

const failures = 9;

test.each<[how: string, fail: (response: ServerResponse) => void, requestTimeout?: number]>([
  ['a reset connection', (response) => response.socket?.resetAndDestroy()],
  ['an answer that breaks off', (response) => response.write('<Desc', () => response.socket?.destroy())],
  ['an internal error', (response) => response.writeHead(500).end('<Response/>')],
  ['a page of a gateway with 502', (response) => response.writeHead(502, typeHtml).end(html)],
  ['a page of a gateway with 503', (response) => response.writeHead(503, typeHtml).end(html)],
  ['a page with 200', (response) => response.writeHead(200, typeHtml).end('<html><br><body>')],
  // Long enough for the answer that comes in the end, on a busy machine too.
  ['no answer at all', () => {}, 250],
])(
  '%s is retried until the outage is over, whatever the attempts of the client',
  async (_, fail, requestTimeout) => {
    await using server = await serve(failures, fail);
    const { ec2, clock, notices } = setUp(server.endpoint, { requestTimeout });
    expect((await ec2.send(new DescribeImagesCommand({}))).Images ?? []).toEqual([]);
    expect(server.requests()).toBe(failures + 1);
    expect(clock.elapsedMs).toBeGreaterThan(30_000);
    expect(notices).toEqual([
      expect.stringMatching(
        /^EC2 is unreachable since 10:00:00 UTC; retrying \(DescribeImages: [^\n]{3,150}\)\.$/,
      ),
      'EC2 is reachable again.',
    ]);
  },
);

test('a refused connection, and a host that DNS does not know, do not differ', async () => {
  let refused = 0;
  let unknown = 0;
  const server = await serve(0, () => {});
  const agent = new HttpAgent({
    lookup(host, options, done) {
      unknown += 1;
      if (unknown > failures) return lookup(host, options, done);
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
      done(error, '', 4);
    },
  });
  const { ec2, notices } = setUp(`http://localhost:${server.port}`, { agent });
  await ec2.send(new DescribeImagesCommand({}));
  expect(notices[0]).toContain('getaddrinfo ENOTFOUND localhost');
  agent.destroy();

  await server[Symbol.asyncDispose]();
  const clock = fakeClock();
  const waiting = setUp(server.endpoint, {
    clock: {
      ...clock,
      async sleep(ms) {
        refused += 1;
        if (refused === failures) restarted = createServer((_, response) => response.end(answer));
        if (refused === failures)
          await new Promise<void>((resolve) => restarted!.listen(server.port, '127.0.0.1', resolve));
        await clock.sleep(ms);
      },
    },
  });
  let restarted: ReturnType<typeof createServer> | undefined;
  await waiting.ec2.send(new DescribeImagesCommand({}));
  expect(refused).toBe(failures);
  expect(waiting.notices[0]).toContain('ECONNREFUSED');
  restarted!.closeAllConnections();
  restarted!.close();
});

test('a short one brings no notice', async () => {
  await using server = await serve(2, (response) => response.writeHead(500).end());
  const { ec2, clock, notices } = setUp(server.endpoint);
  await ec2.send(new DescribeImagesCommand({}));
  expect(notices).toEqual([]);
  expect(clock.elapsedMs).toBeLessThan(1_000);
});

test('an outage is given up after its time, once: no loop around the call repeats it', async () => {
  await using server = await serve(Number.POSITIVE_INFINITY, (response) => response.writeHead(503).end());
  const { ec2, clock } = setUp(server.endpoint);
  const call = () => ec2.send(new DescribeImagesCommand({}));
  const policy = { firstMs: 1_000, longestMs: 1_000, attempts: 5, reason: 'a test' };
  const tolerance = 15 * 60_000;
  for (const attempt of [
    () => call(),
    () => retry(ec2, { policy, call }),
    () => waitUntil(ec2, { policy, ask: call }),
  ]) {
    const before = clock.elapsedMs;
    const error: unknown = await attempt().catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      code: 'AWS_UNREACHABLE',
      message: expect.stringMatching(/; no answer for 15 min$/),
    });
    expect(isTransient(error)).toBe(false);
    expect(clock.elapsedMs - before).toBeGreaterThanOrEqual(tolerance);
    expect(clock.elapsedMs - before).toBeLessThan(tolerance + 60_000);
  }
});

test('a call that must be looked up before it is repeated comes back at once, and its loop counts no outage', async () => {
  await using server = await serve(failures, (response) => response.writeHead(503).end());
  const { ec2 } = setUp(server.endpoint);
  const once = () => ec2.send(new DescribeImagesCommand({}), { retry: false });
  await expect(once()).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' });
  expect(server.requests()).toBe(1);
  const policy = { firstMs: 1_000, longestMs: 1_000, attempts: 2, reason: 'a test' };
  await retry(ec2, { policy, call: once });
  expect(server.requests()).toBe(failures + 1);
});

test('no limit counts an outage', async () => {
  await using server = await serve(failures, (response) => response.writeHead(503).end());
  const { ec2, clock } = setUp(server.endpoint);
  const policy = { firstMs: 1_000, longestMs: 1_000, limitMs: 20_000, reason: 'a test' };
  let asked = 0;
  const ask = async () => {
    await ec2.send(new DescribeImagesCommand({}));
    asked += 1;
    return asked === 10 ? 'done' : undefined;
  };
  const onTimeout = () => new Error('too late');
  expect(await waitUntil(ec2, { policy, ask, onTimeout })).toBe('done');
  expect(clock.elapsedMs).toBeGreaterThan(policy.limitMs);
});

test('an interrupt ends it at once', async () => {
  await using server = await serve(Number.POSITIVE_INFINITY, (response) => response.writeHead(503).end());
  const controller = new AbortController();
  const client = new EC2Client({ region: 'us-east-1', credentials, endpoint: server.endpoint });
  const ec2 = createSender({ client, service: 'EC2', signal: controller.signal });
  const reason = new Error('interrupted');
  const sending = ec2.send(new DescribeImagesCommand({}));
  await expect.poll(() => server.requests()).toBeGreaterThan(3);
  const before = performance.now();
  controller.abort(reason);
  await expect(sending).rejects.toBe(reason);
  expect(performance.now() - before).toBeLessThan(500);
});
