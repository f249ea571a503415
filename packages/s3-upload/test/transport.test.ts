import { S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { withoutRetries } from '@ec2-image/aws-call';
import { expect, test } from 'vitest';
import { createTransport } from '../src/call/transport.ts';

interface SeenRequest {
  readonly headers: Record<string, string>;
}

/** A client whose requests go nowhere, and fail as a service that is down. */
function createClient(endpoint: string) {
  const seen: SeenRequest[] = [];
  const client = new S3Client({
    endpoint,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 2,
    requestHandler: {
      handle: async (request: SeenRequest) => {
        seen.push(request);
        throw Object.assign(new Error('down'), { code: 'ECONNRESET' });
      },
    },
  });
  return { client, seen };
}

const part = () =>
  new UploadPartCommand({
    Bucket: 'images',
    Key: 'k',
    UploadId: 'u',
    PartNumber: 1,
    Body: Buffer.alloc(3 * 2 ** 20),
    ChecksumCRC32: 'AAAAAA==',
  });

test.each([
  ['https://s3.eu-west-1.amazonaws.com', 'UNSIGNED-PAYLOAD'],
  ['http://127.0.0.1:4566', 'UNSIGNED-PAYLOAD'],
  ['http://localhost:4566', 'UNSIGNED-PAYLOAD'],
  ['http://[::1]:4566', 'UNSIGNED-PAYLOAD'],
  ['http://10.0.0.7:9000', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ['http://127.example.com', expect.stringMatching(/^[0-9a-f]{64}$/)],
])('to %s the payload is signed as %s', async (endpoint, expected) => {
  const { client, seen } = createClient(endpoint);
  await expect(createTransport(client).send(part())).rejects.toThrow('down');
  expect(seen[0]?.headers).toMatchObject({ 'x-amz-content-sha256': expected });
  expect(seen[0]?.headers).not.toHaveProperty('Expect');
});

test('a call can be kept from the SDK’s retries, and the client’s own are left', async () => {
  const { client, seen } = createClient('http://127.0.0.1:4566');
  await expect(withoutRetries(client).send(part())).rejects.toThrow('down');
  expect(seen).toHaveLength(1);
  await expect(client.send(part())).rejects.toThrow('down');
  expect(seen).toHaveLength(3);
});

/** S3 with a policy that denies some payloads, all of them or none. */
function denying(isDenied: (payload: string) => boolean) {
  const payloads: string[] = [];
  const client = new S3Client({
    endpoint: 'http://127.0.0.1:4566',
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ headers }: SeenRequest) => {
        const payload = headers['x-amz-content-sha256'] ?? '';
        payloads.push(payload);
        const body = isDenied(payload) ? '<Error><Code>AccessDenied</Code></Error>' : '';
        return {
          response: { statusCode: body ? 403 : 200, headers: { etag: '"e"' }, body: Buffer.from(body) },
        };
      },
    },
  });
  return { transport: createTransport(client), payloads };
}

const signed = expect.stringMatching(/^[0-9a-f]{64}$/);

test('where a policy denies unsigned payloads they are signed, from then on at once', async () => {
  const { transport, payloads } = denying((payload) => payload === 'UNSIGNED-PAYLOAD');
  await transport.send(part());
  await transport.send(part());
  expect(payloads).toEqual(['UNSIGNED-PAYLOAD', signed, signed]);
});

test('a denial for another reason stays one', async () => {
  const { transport, payloads } = denying(() => true);
  await expect(transport.send(part())).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(transport.send(part())).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(payloads).toEqual(['UNSIGNED-PAYLOAD', signed, 'UNSIGNED-PAYLOAD', signed]);
});
