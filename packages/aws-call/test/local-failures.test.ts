import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { explainCall } from '@ec2-image/aws-call';
import { expect, test } from 'vitest';

test('a missing file descriptor is not an answer of AWS', async () => {
  const script = `
    import { openSync } from 'node:fs';
    import { HeadBucketCommand, S3Client } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-s3'))};
    import { createSender } from ${JSON.stringify(import.meta.resolve('../src/index.ts'))};
    const client = new S3Client({
      endpoint: 'http://127.0.0.1:9',
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    });
    const s3 = createSender({ client, service: 'S3', outageTimeoutMs: 0 });
    const call = () => s3.send(new HeadBucketCommand({ Bucket: 'images' })).catch((error) => error);
    // What Node loads or opens for a first call is there.
    const first = await call();
    try {
      for (;;) openSync('/dev/null');
    } catch {}
    const { code, message, hint } = await call();
    console.log(JSON.stringify({ first: first.code, code, message, hint }));`;
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ulimit -n 128 && exec "$0" --conditions=@ec2-image/source --input-type=module --eval "$1"',
    process.execPath,
    script,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    first: 'AWS_UNREACHABLE',
    code: 'TOO_MANY_OPEN_FILES',
    message: expect.stringMatching(/^too many open files on this machine to call S3 \(HeadBucket: .*EMFILE/),
    hint: expect.stringContaining('ulimit'),
  });
});

test.each(['ENOSPC', 'EACCES', 'EROFS', 'EIO'])(
  '%s of this machine is not an answer of AWS',
  async (code) => {
    const client = new S3Client({
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      requestHandler: {
        handle: async () => {
          throw Object.assign(new Error(`${code}: no luck, write`), { code, errno: -1, syscall: 'write' });
        },
      },
    });
    const call = client.send(new HeadBucketCommand({ Bucket: 'images' }));
    const error = await call.catch((failure: unknown) => failure);
    expect(explainCall({ error, service: 'S3', operation: 'HeadBucket' })).toMatchObject({
      code: 'LOCAL_FAILURE',
      message: expect.stringMatching(/^this machine could not call S3/),
    });
  },
);
