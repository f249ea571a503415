import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { FaultRule } from '@ec2-image/local-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucket, openAccount, type TestAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';

let images: TestImages;
let account: TestAccount;
let args: string[];

beforeAll(async () => {
  useOwnEnvironment();
  images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
});
afterAll(() => images[Symbol.asyncDispose]());
beforeEach(async () => {
  account = await openAccount();
  args = importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    // A failed import is tried again only after half a minute.
    'import-attempts': 1,
  });
});
afterEach(() => account[Symbol.asyncDispose]());

/** The bytes of a stored VHDX go wrong where an import meets it; ETag and checksum go on to tell what was there. */
const spoils = (offset: number): FaultRule['action'] => ({
  kind: 'flip-bit',
  partNumber: 1,
  offset,
  shows: 'bytes',
});
/** Within a table of regions, of which a VHDX has two: EC2 says "Unsupported specified file format" of the first. */
const firstTable = 193 * 1024;
const secondTable = 257 * 1024;

const countOf = (operation: string) =>
  account.aws.calls.list().filter((call) => call.operation === operation).length;

const findFailure = (end: Awaited<ReturnType<typeof runInProcess>>) =>
  end.json<ImportDocument>().images[0]!.error!;

/** What a run leaves that cannot import. */
async function leaveObject(): Promise<string> {
  const { remove } = account.aws.faults.add({
    match: { operation: 'ImportSnapshot' },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  expect(await runInProcess(args)).toMatchObject({ exitCode: 1 });
  remove();
  const { objects } = await account.contents();
  expect(objects).toHaveLength(1);
  return objects[0]!;
}

describe('an object whose bytes are not those that its checksum tells', () => {
  test.each([
    ['that fails validation', secondTable],
    ['of an unsupported format', firstTable],
  ])('of this run, %s: uploaded again, and imported', async (_, offset) => {
    account.aws.faults.add({ match: { operation: 'HeadObject' }, nth: 3, action: spoils(offset) });
    const end = await runInProcess(args);
    expect(end.stderr).toMatch(
      /Disk validation failed .*read back and is corrupt: deleted, uploading it again/,
    );
    await expectOneOfEach({ account }, images, end);
    expect(countOf('ImportSnapshot')).toBe(2);
  });

  test.each([
    ['that fails validation', secondTable],
    ['of an unsupported format', firstTable],
  ])('of an earlier run, %s: uploaded again, and imported', async (_, offset) => {
    const Key = await leaveObject();
    account.aws.faults.add({ match: { operation: 'HeadObject' }, action: spoils(offset) });
    const before = await account.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const end = await runInProcess(args);
    expect(end.stderr).toMatch(/Disk validation failed .*read back and is corrupt/);
    await expectOneOfEach({ account }, images, end);
    expect(before.ETag).toBeDefined();
  });

  test('each time: deleted, told, and not used by a later run', async () => {
    account.aws.faults.add({
      match: { operation: 'CompleteMultipartUpload' },
      times: 'always',
      action: spoils(secondTable),
    });
    const end = await runInProcess(args);
    expect(end.exitCode).toBe(1);
    expect(findFailure(end)).toMatchObject({
      code: 'UPLOAD_CORRUPTED',
      message: expect.stringMatching(/s3:\/\/disk-images\/.* twice; it was deleted .*Disk validation failed/),
    });
    expect(countOf('ImportSnapshot')).toBe(2);
    expect(await account.contents()).toMatchObject({ objects: [], snapshots: [], images: [] });
    account.aws.faults.clear();
    await expectOneOfEach({ account }, images, await runInProcess(args));
  });
});

describe('an import that fails although the object is right', () => {
  const failing: FaultRule = {
    match: { operation: 'ImportSnapshot' },
    times: 'always',
    action: { kind: 'task-fails', statusMessage: 'ClientError: Disk validation failed [Unknown]' },
  };

  test('says that the object was read back, and keeps it', async () => {
    account.aws.faults.add(failing);
    const end = await runInProcess(args);
    expect(end.exitCode).toBe(1);
    expect(findFailure(end)).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(
        /Disk validation failed \[Unknown\] \(s3:\/\/disk-images\/.* was read back: its bytes are right\)/,
      ),
    });
    expect(countOf('ImportSnapshot')).toBe(1);
    expect(countOf('DeleteObject')).toBe(0);
    const uploads = countOf('CreateMultipartUpload');
    account.aws.faults.clear();
    await expectOneOfEach({ account }, images, await runInProcess(args));
    expect(countOf('CreateMultipartUpload')).toBe(uploads);
  });

  test('says so where the object cannot be read, and deletes nothing', async () => {
    account.aws.faults.add(failing);
    account.aws.faults.add({
      match: { operation: 'GetObject' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const end = await runInProcess(args);
    expect(findFailure(end)).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.not.stringContaining('read back'),
    });
    expect(end.stderr).toMatch(/s3:\/\/disk-images\/.* could not be read back: .*s3:GetObject/);
    expect((await account.contents()).objects).toHaveLength(1);
  });

  test('for another reason is not read back', async () => {
    account.aws.faults.add({
      ...failing,
      action: {
        kind: 'task-fails',
        statusMessage:
          'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
      },
    });
    expect(findFailure(await runInProcess(args))).toMatchObject({ code: 'IMPORT_NOT_PERMITTED' });
    expect(countOf('GetObject')).toBe(0);
  });
});
