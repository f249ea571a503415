import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { checksumOf } from '@ec2-image/checksum';
import type { FaultRule } from '../../src/faults/rules.ts';
import { describe, expect, type TestAccount, testWith } from '../support/account.ts';
import { element, send } from '../support/raw.ts';

const Bucket = 'disks';
let counter = 0;

const test = testWith({ buckets: [Bucket] });
test.afterEach(({ account }) => account.aws.faults.clear());

const newKey = () => `key-${++counter}`;
const put = (account: TestAccount, Key: string, Body = 'content', abortSignal?: AbortSignal) =>
  account.s3.send(new PutObjectCommand({ Bucket, Key, Body }), { abortSignal });
const read = async (account: TestAccount, Key: string) => {
  const { Body } = await account.s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body!.transformToString();
};
const exists = (account: TestAccount, Key: string) =>
  account.s3.send(new HeadObjectCommand({ Bucket, Key })).then(
    () => true,
    () => false,
  );
const add = (account: TestAccount, rule: Omit<FaultRule, 'match'> & { operation?: string }) => {
  const { operation = 'PutObject', ...rest } = rule;
  return account.aws.faults.add({ ...rest, match: { operation } });
};

describe.each(['before', 'after'] as const)('%s it acted', (when) => {
  const acted = when === 'after';

  test('a call answers an error', async ({ account }) => {
    const key = newKey();
    add(account, { action: { kind: 'error', preset: 'throttling', when, headers: { 'retry-after': '7' } } });
    await expect(put(account, key)).rejects.toMatchObject({
      name: 'SlowDown',
      $metadata: { httpStatusCode: 503 },
    });
    expect(await exists(account, key)).toBe(acted);
    await put(account, key);
  });

  test('the connection is reset', async ({ account }) => {
    const key = newKey();
    add(account, { action: { kind: 'drop', when } });
    await expect(put(account, key)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await exists(account, key)).toBe(acted);
    expect(account.aws.calls.list().findLast(({ operation }) => operation === 'PutObject')).toMatchObject({
      outcome: 'dropped',
      faults: ['drop'],
      ...(acted && { status: 200 }),
    });
  });

  test('a call hangs until its client gives up', async ({ account }) => {
    const key = newKey();
    const fault = add(account, { action: { kind: 'hang', when } });
    const client = new AbortController();
    const answer = put(account, key, 'content', client.signal);
    const call = await fault.struck;
    expect(call).toMatchObject({ operation: 'PutObject', parameters: { bucket: Bucket, key } });
    expect(await exists(account, key)).toBe(acted);
    client.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(await exists(account, key)).toBe(acted);
  });

  test('a call hangs until the fault is removed, and continues', async ({ account }) => {
    const key = newKey();
    const fault = add(account, { action: { kind: 'hang', when } });
    const answer = put(account, key);
    await fault.struck;
    fault.remove();
    await answer;
    expect(await read(account, key)).toBe('content');
  });

  test('a call takes its time', async ({ account }) => {
    const key = newKey();
    add(account, { action: { kind: 'delay', ms: 50, when } });
    const started = performance.now();
    await put(account, key);
    expect(performance.now() - started).toBeGreaterThanOrEqual(49);
  });
});

test('an answer that is lost after the service acted may be a refusal', async ({ account }) => {
  add(account, { operation: 'HeadObject', action: { kind: 'drop', when: 'after' } });
  const head = () => account.s3.send(new HeadObjectCommand({ Bucket, Key: 'nothing' }));
  await expect(head()).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(account.aws.calls.list().at(-1)).toMatchObject({ outcome: 'dropped', status: 404 });
  await expect(head()).rejects.toMatchObject({ name: 'NotFound' });
});

test('the call of a number can be held, as a recorded run counted it', async ({ account }) => {
  const recorded = account.aws.calls.list().at(-1)?.sequence ?? 0;
  const keys = [newKey(), newKey(), newKey()];
  for (const key of keys) await put(account, key);
  expect(
    account.aws.calls
      .list({ after: recorded })
      .map(({ operation, parameters }) => [operation, parameters.key]),
  ).toEqual(keys.map((key) => ['PutObject', key]));
  const held = account.aws.faults.add({ nth: 2, action: { kind: 'hang', when: 'after' } });
  const run = (async () => {
    for (const key of keys) await put(account, key, 'again');
  })();
  await held.struck;
  account.aws.faults.clear();
  expect([await read(account, keys[0]!), await read(account, keys[1]!)]).toEqual(['again', 'again']);
  await run;
});

test('an answer is cut in its body', async ({ account }) => {
  const key = newKey();
  await put(account, key, 'a'.repeat(100_000));
  add(account, { operation: 'GetObject', action: { kind: 'cut', afterBytes: 50_000 } });
  await expect(read(account, key)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect((await read(account, key)).length).toBe(100_000);
});

describe('one bit is another', () => {
  const flipped = 'conuent';
  const flip = { kind: 'flip-bit', offset: 3, bit: 0 } as const;

  test('in what is stored, which every answer tells', async ({ account }) => {
    const key = newKey();
    add(account, { action: flip });
    const answer = await put(account, key);
    expect(answer.ChecksumCRC32).toBe(checksumOf('CRC32', Buffer.from(flipped)));
    const told = await account.s3.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }));
    expect([told.ETag, told.ChecksumCRC32]).toEqual([answer.ETag, answer.ChecksumCRC32]);
    const { body } = await send(account.aws.url, { target: `/${Bucket}/${key}` });
    expect(body).toBe(flipped);
  });

  test('in what is stored, which later answers tell', async ({ account }) => {
    const key = newKey();
    add(account, { action: { ...flip, shows: 'lists' } });
    const answer = await put(account, key);
    expect(answer.ChecksumCRC32).toBe(checksumOf('CRC32', Buffer.from('content')));
    const told = await account.s3.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }));
    expect(told.ChecksumCRC32).toBe(checksumOf('CRC32', Buffer.from(flipped)));
    expect(told.ETag).not.toBe(answer.ETag);
  });

  test.for(['PutObject', 'HeadObject'])(
    'in what is stored, at %s, which the bytes alone tell',
    async (operation, { account }) => {
      const key = newKey();
      add(account, { operation, action: { ...flip, shows: 'bytes' } });
      const answer = await put(account, key);
      const told = await account.s3.send(
        new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }),
      );
      expect([told.ETag, told.ChecksumCRC32]).toEqual([answer.ETag, answer.ChecksumCRC32]);
      const { body } = await send(account.aws.url, { target: `/${Bucket}/${key}` });
      expect(body).toBe(flipped);
    },
  );

  test('in what is sent, this once', async ({ account }) => {
    const key = newKey();
    await put(account, key);
    add(account, { operation: 'GetObject', action: flip });
    const get = async (range?: string) =>
      (await send(account.aws.url, { target: `/${Bucket}/${key}`, headers: range ? { range } : {} })).body;
    expect([await get(), await get()]).toEqual([flipped, 'content']);
    add(account, { operation: 'GetObject', action: flip });
    expect(await get('bytes=2-4')).toBe(flipped.slice(2, 5));
  });
});

describe('a part', () => {
  const whole = 'a part of an upload';
  const startUpload = async (account: TestAccount) => {
    const Key = newKey();
    const { UploadId } = await account.s3.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
      }),
    );
    const upload = { Bucket, Key, UploadId };
    const part = await account.s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: whole }));
    const finish = () =>
      account.s3.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
          ChecksumCRC32: checksumOf('CRC32', Buffer.from(whole)),
          ChecksumType: 'FULL_OBJECT',
        }),
      );
    const listed = async () => (await account.s3.send(new ListPartsCommand(upload))).Parts?.[0];
    return { Key, finish, listed };
  };

  test('is cut short, as its list tells', async ({ account }) => {
    add(account, { operation: 'UploadPart', action: { kind: 'truncate', bytes: 3, shows: 'lists' } });
    const { listed, finish } = await startUpload(account);
    expect(await listed()).toMatchObject({ Size: whole.length - 3 });
    await expect(finish()).rejects.toMatchObject({ name: 'InvalidPart' });
  });

  test('is there twice over', async ({ account }) => {
    add(account, { operation: 'UploadPart', action: { kind: 'duplicate' } });
    const { listed, finish } = await startUpload(account);
    expect(await listed()).toMatchObject({ Size: whole.length * 2 });
    await expect(finish()).rejects.toMatchObject({ name: 'BadDigest' });
  });

  test('goes bad between its upload and the completion', async ({ account }) => {
    const { Key, finish } = await startUpload(account);
    add(account, {
      operation: 'CompleteMultipartUpload',
      action: { kind: 'flip-bit', partNumber: 1, shows: 'bytes' },
    });
    await finish();
    expect((await send(account.aws.url, { target: `/${Bucket}/${Key}` })).body).not.toBe(whole);
  });

  test.for(['before', 'after'] as const)(
    'completes with an error inside a 200, %s it did',
    async (when, { account }) => {
      const { Key, finish } = await startUpload(account);
      add(account, { operation: 'CompleteMultipartUpload', action: { kind: 'error-in-200', when } });
      await expect(finish()).rejects.toMatchObject({ name: 'InternalError' });
      expect(await exists(account, Key)).toBe(when === 'after');
    },
  );

  test('loses to another writer', async ({ account }) => {
    const { finish } = await startUpload(account);
    add(account, { operation: 'CompleteMultipartUpload', action: { kind: 'conflict' } });
    await expect(finish()).rejects.toMatchObject({
      name: 'ConditionalRequestConflict',
      $metadata: { httpStatusCode: 409 },
    });
    await finish();
  });
});

test('an error of one’s own, in the service’s form', async ({ account }) => {
  add(account, { action: { kind: 'error', status: 409, code: 'OperationAborted', message: 'try again' } });
  const answer = await send(account.aws.url, { method: 'PUT', target: `/${Bucket}/k`, body: 'x' });
  expect([answer.status, element(answer.body, 'Code'), element(answer.body, 'Message')]).toEqual([
    409,
    'OperationAborted',
    'try again',
  ]);
});
