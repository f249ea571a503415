import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAbort, allPages, createSender, pages } from '@ec2-image/aws-call';
import { expect, test } from 'vitest';

const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };

/** Counts the requests, and answers each as it is told to. */
async function serve(status: number | 'never') {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    if (status !== 'never') response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    settings: { region: 'us-east-1', credentials, endpoint, maxAttempts: 3 },
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('what a service answers comes back explained, under the name of the service', async () => {
  await using server = await serve(403);
  const client = new S3Client({ ...server.settings, forcePathStyle: true });
  const s3 = createSender({ client, service: 'S3' });
  await expect(s3.send(new HeadBucketCommand({ Bucket: 'bucket' }))).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
    service: 'S3',
    operation: 'HeadBucket',
    httpStatus: 403,
  });
});

test('the SDK repeats what is answered, as often as the client says, but for a call that must be looked up first', async () => {
  await using server = await serve(429);
  const client = new EC2Client(server.settings);
  const ec2 = createSender({ client, service: 'EC2' });
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toThrow();
  expect(server.requests()).toBe(3);
  await expect(ec2.send(new DescribeImagesCommand({}), { retry: false })).rejects.toThrow();
  expect(server.requests()).toBe(4);
});

test('an endpoint that nobody serves is named', async () => {
  const server = await serve(200);
  await server[Symbol.asyncDispose]();
  const ec2 = createSender({ client: new EC2Client(server.settings), service: 'EC2', outageTimeoutMs: 0 });
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toMatchObject({
    code: 'AWS_UNREACHABLE',
    message: expect.stringContaining('cannot reach EC2 (DescribeImages: '),
    hint: expect.stringContaining(server.endpoint),
  });
});

test('a call past its time is given up', async () => {
  await using server = await serve('never');
  const ec2 = createSender({ client: new EC2Client(server.settings), service: 'EC2', outageTimeoutMs: 0 });
  await expect(ec2.send(new DescribeImagesCommand({}), { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'AWS_UNREACHABLE',
    message: expect.stringContaining('no answer within 0.05 s'),
  });
});

test("a call that the signal ends rejects with the signal's reason, and none is made after it", async () => {
  await using server = await serve('never');
  const controller = new AbortController();
  const options = {
    client: new EC2Client(server.settings),
    service: 'EC2' as const,
    signal: controller.signal,
  };
  const ec2 = createSender(options);
  const reason = new Error('interrupted');
  const sending = ec2.send(new DescribeImagesCommand({}));
  setTimeout(async () => {
    await expect.poll(server.requests).toBe(1);
    controller.abort(reason);
  });
  await expect(sending).rejects.toBe(reason);
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toBe(reason);
  expect(server.requests()).toBe(1);
  // What has to be done all the same has a signal of its own.
  expect(afterAbort(options).signal?.aborted).toBe(false);
});

test('every page of a list is read once, empty pages and an empty last token included', async () => {
  const answers = new Map<string | undefined, { items?: number[]; nextToken?: string }>([
    [undefined, { items: [1, 2], nextToken: 'a' }],
    ['a', { nextToken: 'b' }],
    ['b', { items: [3], nextToken: '' }],
  ]);
  const asked: (string | undefined)[] = [];
  const read = async (token: string | undefined) => {
    asked.push(token);
    const { items, nextToken } = answers.get(token)!;
    return { items, nextToken };
  };
  expect(await allPages(read)).toEqual([1, 2, 3]);
  expect(asked).toEqual([undefined, 'a', 'b']);
  const seen: (readonly number[])[] = [];
  for await (const page of pages(read)) seen.push(page);
  expect(seen).toEqual([[1, 2], [], [3]]);
});
