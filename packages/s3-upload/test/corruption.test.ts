import type { FaultRule } from '@ec2-image/local-aws';
import { uploadDisk } from '@ec2-image/s3-upload';
import { partSize } from './support/disks.ts';
import { bucket, clientFor, countCalls, storedBytes, uploadOptions } from './support/emulator.ts';
// Calm: each test provokes one exact fault and counts what follows.
import { expect, calmTest as test } from './support/fixtures.ts';

type Action = FaultRule['action'];

const size = partSize + 1000;
const second = { operation: 'UploadPart', parameters: { partNumber: '2' } };

test.for([
  ['a flipped bit', { kind: 'flip-bit' }],
  ['a truncated part', { kind: 'truncate' }],
  ['a duplicated part', { kind: 'duplicate' }],
] satisfies [string, Action][])(
  '%s in the answer to a part: the part is named and sent again',
  async ([_, action], { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk };
    aws.faults.add({ match: second, action });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', provenBy: 'checksum' });
    expect(options.notices).toEqual(['part 2 was corrupted on its way to S3; sending it again']);
    expect(countCalls(aws, 'UploadPart', options.key)).toBe(3);
    expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  },
);

test.for([
  ['a flipped bit', { kind: 'flip-bit', shows: 'lists' }],
  ['a truncated part', { kind: 'truncate', shows: 'lists' }],
] satisfies [string, Action][])(
  '%s that only later lists show: found before completion',
  async ([_, action], { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk };
    aws.faults.add({ match: second, action });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
    expect(options.notices).toEqual(['re-uploaded parts that did not match: 2']);
    expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  },
);

test('a stored part that goes bad before completion is found and sent again', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  aws.faults.add({
    match: { operation: 'CompleteMultipartUpload' },
    action: { kind: 'truncate', bytes: 7, shows: 'bytes' },
  });
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});

test('an object that S3 serves otherwise than it says is found by reading it back, named, deleted, and sent again', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk, readBack: 'always' as const };
  aws.faults.add({ match: second, action: { kind: 'flip-bit', shows: 'bytes' } });
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', provenBy: 'read-back' });
  expect(options.notices.join()).toContain('did not match what was sent, in part 2; ec2-image deleted it');
  expect(countCalls(aws, 'DeleteObject', options.key)).toBe(1);
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});

test('an object that goes bad each time is an error that names the part, and is not left', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk, readBack: 'always' as const };
  aws.faults.add({ match: second, times: 'always', action: { kind: 'flip-bit', shows: 'bytes' } });
  await expect(uploadDisk(options)).rejects.toMatchObject({
    code: 'UPLOAD_CORRUPTED',
    partNumbers: [2],
    bucket,
    key: options.key,
  });
  await expect(storedBytes(client, options.key)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('a part that is spoilt each time is an error that names it', async ({ client, directory, aws }) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size }) };
  aws.faults.add({ match: second, times: 'always', action: { kind: 'flip-bit' } });
  await expect(uploadDisk(options)).rejects.toMatchObject({ code: 'UPLOAD_CORRUPTED', partNumbers: [2] });
  expect(countCalls(aws, 'CompleteMultipartUpload', options.key)).toBe(0);
});

test.for([
  [
    'S3 finds another checksum',
    { kind: 'error', status: 400, code: 'BadDigest' },
    'was corrupted on its way',
  ],
  [
    'S3 finds another SHA-256',
    { kind: 'error', status: 400, code: 'XAmzContentSHA256Mismatch' },
    'was corrupted on its way',
  ],
] satisfies [string, Action, string][])(
  'a part and %s: sent again',
  async ([_, action, notice], { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk };
    aws.faults.add({ match: second, action });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
    expect(options.notices.join()).toContain(`part 2 ${notice}`);
  },
);

test.for(['before', 'after'] as const)(
  'a part without an answer, %s S3 acted, is sent again',
  async (when, { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk, partTimeoutMs: 1_500 };
    aws.faults.add({ match: second, action: { kind: 'hang', when } });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
    expect(countCalls(aws, 'UploadPart', options.key)).toBe(3);
  },
);

const tolerance = { concurrency: 1, outageTimeoutMs: 2 * 60_000 };

test('a part that never gets an answer is an error, and stops the others at once', async ({
  client,
  directory,
  aws,
}) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size: 3 * partSize }) };
  aws.faults.add({
    match: { operation: 'UploadPart', parameters: { key: options.key } },
    times: 'always',
    action: { kind: 'hang' },
  });
  await expect(uploadDisk({ ...options, ...tolerance, partTimeoutMs: 50 })).rejects.toMatchObject({
    code: 'UPLOAD_STALLED',
    message: 'part 1 failed for 2 min; the last attempt: no answer within 0.05 s',
    partNumber: 1,
  });
  expect(options.notices.join()).toMatch(/S3 is unreachable since .*; retrying \(UploadPart: /);
});

test('a part whose connection is reset each time says so, and claims no time-out', async ({
  client,
  directory,
  aws,
}) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size: 3 * partSize }) };
  aws.faults.add({
    match: { operation: 'UploadPart', parameters: { key: options.key } },
    times: 'always',
    action: { kind: 'drop' },
  });
  const failure = await uploadDisk({ ...options, ...tolerance }).catch((error: Error) => error);
  expect(failure).toMatchObject({
    code: 'UPLOAD_INTERRUPTED',
    message: expect.stringMatching(/^part 1 failed for 2 min; the last attempt: /),
    partNumber: 1,
  });
  expect((failure as Error).message).not.toMatch(/300 s|no answer within/);
});

test.for(['throttling', 'internal-error', 'unavailable'] as const)(
  'a part is sent again after %s',
  async (preset, { client, directory, aws }) => {
    const options = { ...uploadOptions(client), disk: await directory.disk({ size }) };
    aws.faults.add({ match: second, action: { kind: 'error', preset } });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
    expect(options.notices).toEqual([]);
  },
);

test.for([
  // A policy may deny unsigned payloads alone: the part is sent again, signed.
  ['access-denied', 'ACCESS_DENIED', 3],
  ['expired-token', 'CREDENTIALS_EXPIRED', 2],
  ['throttling', 'THROTTLED', 2],
] as const)(
  '%s at a part ends the upload at once, and keeps what has arrived',
  async ([preset, code, calls], { directory, aws }) => {
    const client = clientFor(aws.url, { maxAttempts: 1 });
    const options = { ...uploadOptions(client), disk: await directory.disk({ size: 3 * partSize }) };
    aws.faults.add({ match: second, times: 'always', action: { kind: 'error', preset } });
    await expect(uploadDisk({ ...options, concurrency: 1 })).rejects.toMatchObject({
      code,
      operation: 'UploadPart',
      hint: expect.stringMatching(/./),
    });
    expect(countCalls(aws, 'UploadPart', options.key)).toBe(calls);
    aws.faults.clear();
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'resumed', bytesSent: 2 * partSize });
  },
);

test('a part that fails stops those under way at once', async ({ directory, aws }) => {
  const client = clientFor(aws.url, { maxAttempts: 1 });
  const options = { ...uploadOptions(client), disk: await directory.disk({ size: 3 * partSize }) };
  aws.faults.add({ match: second, times: 'always', action: { kind: 'hang' } });
  // It is sent when the first has arrived: the second is under way by then.
  aws.faults.add({
    match: { operation: 'UploadPart', parameters: { partNumber: '3' } },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  await expect(uploadDisk({ ...options, concurrency: 2 })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test('an upload that is aborted before it begins calls nobody', async ({ client, directory, aws }) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size: 1000 }) };
  const signal = AbortSignal.abort(new Error('early'));
  await expect(uploadDisk({ ...options, signal })).rejects.toThrow('early');
  expect(aws.calls.list().filter(({ parameters }) => parameters.key === options.key)).toEqual([]);
});
