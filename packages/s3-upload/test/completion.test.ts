import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import type { FaultRule } from '@ec2-image/local-aws';
import { uploadDisk } from '@ec2-image/s3-upload';
import { partSize } from './support/disks.ts';
import { bucket, countCalls, listOpenUploadIds, storedBytes, uploadOptions } from './support/emulator.ts';
// Calm: each test provokes one exact fault and counts the calls.
import { expect, calmTest as test } from './support/fixtures.ts';

const size = partSize + 1000;
const operation = 'CompleteMultipartUpload';

type Action = FaultRule['action'];

test.for([
  ['the connection breaks after it acted', { kind: 'drop', when: 'after' }, 1],
  ['500 after it acted', { kind: 'error', when: 'after', preset: 'internal-error' }, 1],
  ['an error inside a 200 after it acted', { kind: 'error-in-200', when: 'after' }, 1],
  ['an answer cut short', { kind: 'cut', afterBytes: 40 }, 1],
  ['the connection breaks before it acts', { kind: 'drop' }, 2],
  ['503 before it acts', { kind: 'error', preset: 'throttling' }, 2],
  ['an error inside a 200', { kind: 'error-in-200' }, 2],
  ['no answer within the time', { kind: 'hang' }, 2],
] satisfies [string, Action, number][])(
  'completion and %s: looked up, and never blindly repeated',
  async ([_, action, calls], { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk, completeTimeoutMs: 300 };
    aws.faults.add({ match: { operation }, action });
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', bytesSent: size });
    expect(countCalls(aws, operation, options.key)).toBe(calls);
    expect(countCalls(aws, 'UploadPart', options.key)).toBe(2);
    expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  },
);

test('a conflict begins the upload again, as S3 wants it', async ({ client, directory, aws }) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size }) };
  aws.faults.add({ match: { operation }, action: { kind: 'conflict' } });
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(2);
  expect(await listOpenUploadIds(client, options.key)).toEqual([]);
});

test('conflicts without end are an error', async ({ client, directory, aws }) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size: 1000 }) };
  aws.faults.add({ match: { operation }, times: 'always', action: { kind: 'conflict' } });
  await expect(uploadDisk(options)).rejects.toMatchObject({ code: 'UPLOAD_LOST' });
  expect(countCalls(aws, operation, options.key)).toBe(3);
});

test('a completion that is not allowed is an error, and the parts are kept', async ({
  client,
  directory,
  aws,
}) => {
  const options = { ...uploadOptions(client), disk: await directory.disk({ size }) };
  aws.faults.add({ match: { operation }, action: { kind: 'error', preset: 'access-denied' } });
  await expect(uploadDisk(options)).rejects.toMatchObject({ code: 'ACCESS_DENIED', operation });
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'resumed', bytesSent: 0 });
});

/** Two runs of one image at the same time, on two machines, whose conversions differ. */
test('two at once do not mix: one disk comes out whole, and both runs hold it', async ({
  client,
  directory,
}) => {
  const options = uploadOptions(client);
  const disks = await Promise.all(
    [1, 2].map((seed) => directory.disk({ size: 3 * partSize, seed, name: `machine-${seed}` })),
  );
  const results = await Promise.all(disks.map((disk) => uploadDisk({ ...options, disk })));
  const stored = await storedBytes(client, options.key);
  expect(disks.filter(({ bytes }) => bytes.equals(stored))).toHaveLength(1);
  expect(new Set(results.map(({ checksum }) => checksum.value)).size).toBe(1);
  expect(results.map(({ outcome }) => outcome).sort()).toEqual(['adopted', 'uploaded']);
  expect(await listOpenUploadIds(client, options.key)).toEqual([]);
});

test('the one who comes second to complete finds the other’s object and uses it', async ({
  client,
  directory,
}) => {
  const options = uploadOptions(client);
  const [mine, theirs] = await Promise.all(
    [1, 2].map((seed) => directory.disk({ size, seed, name: `second-${seed}` })),
  );
  const mineOptions = {
    ...options,
    disk: mine!,
    beforeComplete: () => uploadDisk({ ...options, disk: theirs! }),
  };
  expect(await uploadDisk(mineOptions)).toMatchObject({ outcome: 'adopted', bytesSent: size });
  expect((await storedBytes(client, options.key)).equals(theirs!.bytes)).toBe(true);
});

/** The worst of two processes in one upload: each puts its parts into it, in turn. */
test('two in one upload cannot complete a mixture', async ({ client, directory }) => {
  const options = { ...uploadOptions(client), adoptAfterMs: 0, journalPath: false as const };
  const [first, second] = await Promise.all(
    [1, 2].map((seed) => directory.disk({ size: 2 * partSize, seed, name: `one-upload-${seed}` })),
  );
  let others: Promise<unknown> | undefined;
  const result = await uploadDisk({
    ...options,
    disk: first!,
    beforeComplete: async () => {
      // The other takes the upload over, puts its own parts into it, and then waits for this one.
      others ??= expect(
        uploadDisk({ ...options, disk: second!, beforeComplete: () => Promise.reject(new Error('waits')) }),
      ).rejects.toThrow('waits');
      await others;
    },
  });
  expect(result).toMatchObject({ outcome: 'uploaded' });
  expect(options.notices.join()).toContain('re-uploaded parts that did not match: 1, 2');
  expect((await storedBytes(client, options.key)).equals(first!.bytes)).toBe(true);
});

test('restarts an upload that something else aborts in the middle', async ({ client, directory, aws }) => {
  const disk = await directory.disk({ size: 3 * partSize });
  const options = { ...uploadOptions(client), disk };
  let aborted = false;
  const result = await uploadDisk({
    ...options,
    concurrency: 1,
    onProgress: async () => {
      if (aborted) return;
      aborted = true;
      const [UploadId] = await listOpenUploadIds(client, options.key);
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: options.key, UploadId }));
    },
  });
  expect(result).toMatchObject({ outcome: 'uploaded' });
  expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(2);
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});
