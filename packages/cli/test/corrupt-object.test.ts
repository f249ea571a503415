import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { FaultRule } from '@ec2-image/local-aws';
import { bucket, type TestAccount, undisturbedCalls } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';

// A failed import is tried again only after half a minute.
const test = testWith({ flags: { 'import-attempts': 1 } }).extend(
  'leaveObject',
  ({ account, runImport }) =>
    /** What a run leaves that cannot import. */
    async (): Promise<string> => {
      const { remove } = account.aws.faults.add({
        match: { operation: 'ImportSnapshot' },
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      expect(await runImport()).toMatchObject({ exitCode: 1 });
      remove();
      const { objects } = await account.contents();
      expect(objects).toHaveLength(1);
      return objects[0]!;
    },
);

/** The bytes of a stored VHDX go wrong where an import meets it; ETag and checksum go on to tell what was there. */
const spoils = (offset: number, bit = 0): FaultRule['action'] => ({
  kind: 'flip-bit',
  partNumber: 1,
  offset,
  bit,
  shows: 'bytes',
});
/** Within a table of regions, of which a VHDX has two: EC2 says "Unsupported specified file format" of the first. */
const firstTable = 193 * 1024;
const secondTable = 257 * 1024;

/** Where the answer to a call is lost whose task has failed by then, the next is another attempt. */
async function expectImports(account: TestAccount, count: number): Promise<void> {
  const { tasks } = await account.contents();
  const called = account.calls('ImportSnapshot').length;
  const disturbed = called - undisturbedCalls(account, 'ImportSnapshot').length;
  expect(tasks.length).toBeGreaterThanOrEqual(count);
  expect(tasks.length).toBeLessThanOrEqual(count + disturbed);
}

describe('an object whose bytes are not those that its checksum tells', () => {
  test.for<[string, number]>([
    ['that fails validation', secondTable],
    ['of an unsupported format', firstTable],
  ])('of this run, %s: uploaded again, and imported', async ([_, offset], { account, images, runImport }) => {
    account.aws.faults.add({ match: { operation: 'CompleteMultipartUpload' }, action: spoils(offset) });
    const end = await runImport();
    expect(end.stderr).toMatch(
      /Disk validation failed .*read back and is corrupt: deleted, uploading it again/,
    );
    await expectOneOfEach({ account }, images, end);
    await expectImports(account, 2);
  });

  test.for<[string, number]>([
    ['that fails validation', secondTable],
    ['of an unsupported format', firstTable],
  ])(
    'of an earlier run, %s: uploaded again, and imported',
    async ([_, offset], { account, images, runImport, leaveObject }) => {
      const Key = await leaveObject();
      account.aws.faults.add({ match: { operation: 'HeadObject' }, action: spoils(offset) });
      const before = await account.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      const end = await runImport();
      expect(end.stderr).toMatch(/Disk validation failed .*read back and is corrupt/);
      await expectOneOfEach({ account }, images, end);
      expect(before.ETag).toBeDefined();
    },
  );

  test('each time: deleted, told, and not used by a later run', async ({ account, images, runImport }) => {
    account.aws.faults.add({
      match: { operation: 'CompleteMultipartUpload' },
      times: 'always',
      action: spoils(secondTable),
    });
    const end = await runImport();
    expect(end.exitCode).toBe(1);
    expect(end.result.error).toMatchObject({
      code: 'UPLOAD_CORRUPTED',
      message: expect.stringMatching(/s3:\/\/disk-images\/.* twice; it was deleted .*Disk validation failed/),
    });
    await expectImports(account, 2);
    expect(await account.contents()).toMatchObject({ objects: [], snapshots: [], images: [] });
    account.aws.faults.clear();
    await expectOneOfEach({ account }, images, await runImport());
  });
});

/** The size in the metadata of a VHDX has no checksum: 2 GiB and 16 MiB without their highest bit are 16 MiB, without the end of the disk. */
const highestBitOfSize = [0x310008 + 3, 7] as const;

testWith({ flags: { 'import-attempts': 1 }, disk: { sizeBytes: 2 ** 31 + 2 ** 24, dataBytes: 2 ** 16 } })(
  'an object that became a snapshot too small for the disk: the run deletes both, and uploads and imports again',
  async ({ account, images, runImport }) => {
    account.aws.faults.add({
      match: { operation: 'CompleteMultipartUpload' },
      action: spoils(...highestBitOfSize),
    });
    const end = await runImport();
    expect(end.stderr).toMatch(/snap-\w+ has 1 GiB; the disk needs 3; .*read back and is corrupt: deleted/);
    expect(undisturbedCalls(account, 'DeleteSnapshot')).toHaveLength(1);
    await expectOneOfEach({ account }, images, end);
  },
);

describe('an import that fails although the object is right', () => {
  const failing: FaultRule = {
    match: { operation: 'ImportSnapshot' },
    times: 'always',
    action: { kind: 'task-fails', statusMessage: 'ClientError: Disk validation failed [Unknown]' },
  };

  test('says that the object was read back, and keeps it', async ({ account, images, runImport }) => {
    account.aws.faults.add(failing);
    const end = await runImport();
    expect(end.exitCode).toBe(1);
    expect(end.result.error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(
        /Disk validation failed \[Unknown\] \(s3:\/\/disk-images\/.* was read back: its bytes are right\)/,
      ),
    });
    await expectImports(account, 1);
    expect(account.calls('DeleteObject')).toHaveLength(0);
    const uploads = account.calls('CreateMultipartUpload').length;
    account.aws.faults.clear();
    await expectOneOfEach({ account }, images, await runImport());
    expect(account.calls('CreateMultipartUpload')).toHaveLength(uploads);
  });

  test('says so where the object cannot be read, and deletes nothing', async ({ account, runImport }) => {
    account.aws.faults.add(failing);
    account.aws.faults.add({
      match: { operation: 'GetObject' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const end = await runImport();
    expect(end.result.error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.not.stringContaining('read back'),
    });
    expect(end.stderr).toMatch(/s3:\/\/disk-images\/.* could not be read back: .*s3:GetObject/);
    expect((await account.contents()).objects).toHaveLength(1);
  });

  test('for another reason is not read back', async ({ account, runImport }) => {
    // One that exists may be so new that EC2 does not see it, and the import would wait for it.
    account.aws.faults.add({
      match: { operation: 'GetRole' },
      times: 'always',
      action: { kind: 'error', status: 404, code: 'NoSuchEntity' },
    });
    account.aws.faults.add({
      ...failing,
      action: {
        kind: 'task-fails',
        statusMessage:
          'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
      },
    });
    expect((await runImport()).result.error).toMatchObject({ code: 'IMPORT_NOT_PERMITTED' });
    expect(account.calls('GetObject')).toHaveLength(0);
  });
});
