import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { systemClock } from '@ec2-image/aws-call';
import { findSentParts, uploadDisk } from '@ec2-image/s3-upload';
import { digest, format, metadata, partSize } from './support/disks.ts';
import {
  bucket,
  clientFor,
  countCalls,
  listOpenUploadIds,
  region,
  storedBytes,
  uploadOptions,
} from './support/emulator.ts';
// Calm: the tests end uploads at each call of a recorded run.
import { expect, calmTest as test } from './support/fixtures.ts';

const size = 2 * partSize + 1000;
const parts = 3;

/** Uploads until so many parts are there, then stops it as Ctrl-C does. */
async function interrupt(options: Parameters<typeof uploadDisk>[0], after = 1): Promise<void> {
  const stop = new AbortController();
  const reason = new Error('Ctrl-C');
  let arrived = 0;
  const promise = uploadDisk({
    ...options,
    concurrency: 1,
    signal: stop.signal,
    onProgress: () => {
      arrived += 1;
      if (arrived === after) stop.abort(reason);
    },
  });
  await expect(promise).rejects.toBe(reason);
}

test('an interrupted upload resumes where it stopped', async ({ client, directory, aws }) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  await interrupt(options);
  expect(await listOpenUploadIds(client, options.key)).toHaveLength(1);
  const sentParts = (machine: string) => findSentParts({ ...options, journalPath: `${machine}.upload` });
  expect(await sentParts(disk.path)).toEqual({ bytes: partSize, count: 1 });
  // Another machine does not take it over so soon.
  expect(await sentParts('/nowhere/disk')).toBeUndefined();

  expect(await uploadDisk(options)).toMatchObject({ outcome: 'resumed', bytesSent: size - partSize });
  expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(1);
  expect(countCalls(aws, 'UploadPart', options.key)).toBe(parts);
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  expect(options.notices).toEqual(['resuming interrupted upload (1 part done)']);
  await expect(readFile(`${disk.path}.upload`)).rejects.toMatchObject({ code: 'ENOENT' });
});

test.for([
  ['no checksum', undefined],
  ['another checksum', 'SHA256'],
] as const)(
  'an idle upload of the key with %s is aborted',
  async ([, ChecksumAlgorithm], { client, directory, aws }) => {
    const disk = await directory.disk({ size });
    const options = { ...uploadOptions(client), disk, adoptAfterMs: 0 };
    const other = clientFor(aws.url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const { UploadId } = await other.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: options.key, ChecksumAlgorithm }),
    );
    await other.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: options.key,
        UploadId,
        PartNumber: 1,
        Body: disk.bytes.subarray(0, partSize),
        ChecksumAlgorithm,
      }),
    );
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
    expect(await listOpenUploadIds(client, options.key)).toEqual([]);
    expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
  },
);

test('parts that differ from the disk as it is are sent again, and only those', async ({
  client,
  directory,
}) => {
  const options = uploadOptions(client);
  await interrupt({ ...options, disk: await directory.disk({ size }) }, 2);
  const other = await directory.disk({ size });
  other.bytes[partSize + 5]! ^= 1;
  await writeFile(other.path, other.bytes);
  expect(await uploadDisk({ ...options, disk: other })).toMatchObject({ bytesSent: size - partSize });
  expect((await storedBytes(client, options.key)).equals(other.bytes)).toBe(true);
});

test('a part that was there and is overwritten meanwhile is sent after all', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  await interrupt(options);
  const [UploadId] = await listOpenUploadIds(client, options.key);
  const overwrite = () =>
    client.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: options.key,
        UploadId,
        PartNumber: 1,
        Body: Buffer.alloc(partSize),
        ChecksumAlgorithm: 'CRC32',
      }),
    );
  expect(await uploadDisk({ ...options, beforeComplete: overwrite })).toMatchObject({ bytesSent: size });
  expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(1);
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});

test('an upload of another part size is resumed in its own', async ({ client, directory }) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  await interrupt(options);
  expect(await uploadDisk({ ...options, partSize: 6 * 2 ** 20 })).toMatchObject({
    bytesSent: size - partSize,
  });
});

test('another machine takes over an upload that has been idle, and leaves one alone that may be alive', async ({
  client,
  directory,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  await interrupt(options);
  const elsewhere = { ...options, journalPath: `${directory.path}/another-machine` };

  const refusing = { ...elsewhere, beforeComplete: () => Promise.reject(new Error('enough')) };
  await expect(uploadDisk(refusing)).rejects.toThrow('enough');
  expect(await listOpenUploadIds(client, options.key)).toHaveLength(2);

  const later = {
    ...elsewhere,
    journalPath: false as const,
    clock: { ...systemClock, now: () => Date.now() + 16 * 60_000 },
  };
  expect(await uploadDisk(later)).toMatchObject({ outcome: 'resumed', bytesSent: 0 });
  expect(await listOpenUploadIds(client, options.key)).toEqual([]);
});

test('a process that ended while it began an upload finds it again', async ({ client, directory }) => {
  const disk = await directory.disk({ size: 1000 });
  const options = { ...uploadOptions(client), disk };
  await client.send(
    new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: options.key,
      Metadata: metadata,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  await writeFile(`${disk.path}.upload`, JSON.stringify({ version: 1, bucket, key: options.key }));
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'resumed' });
});

test.for([
  ['of another algorithm', { ChecksumAlgorithm: 'SHA256' }],
  ['without a checksum of the whole', { ChecksumAlgorithm: 'CRC32' }],
] as const)('does not resume an open upload %s', async ([_, how], { client, directory }) => {
  const disk = await directory.disk({ size: 1000 });
  const options = { ...uploadOptions(client), disk, adoptAfterMs: 0 };
  await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: options.key, ...how }));
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  expect(await listOpenUploadIds(client, options.key)).toEqual([]);
});

test('an upload started under another label does not end as one by ec2-image', async ({
  client,
  directory,
}) => {
  const disk = await directory.disk({ size: 1000 });
  const options = { ...uploadOptions(client), disk, adoptAfterMs: 0 };
  const address = { Bucket: bucket, Key: options.key };
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...address,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  await client.send(
    new UploadPartCommand({
      ...address,
      UploadId,
      PartNumber: 1,
      Body: disk.bytes,
      ChecksumAlgorithm: 'CRC32',
    }),
  );
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  expect(options.notices.join()).toContain('started for something else');
});

test('where uploads may not be listed, the one in the journal is resumed all the same', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size });
  const options = { ...uploadOptions(client), disk };
  await interrupt(options);
  aws.faults.add({
    match: { operation: 'ListMultipartUploads' },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'resumed', bytesSent: size - partSize });
  expect(options.notices.join()).toContain('may remain');
});

test('ignores a journal of something else, or a damaged one', async ({ client, directory }) => {
  const disk = await directory.disk({ size: 1000 });
  for (const text of [
    '',
    'null',
    '{"version":1}',
    '{"version":2,"uploadId":"x"}',
    '{"version":1,"bucket":"b"',
  ]) {
    await writeFile(`${disk.path}.upload`, text);
    const options = { ...uploadOptions(client), disk };
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  }
});

test('a journal that cannot be written costs a notice', async ({ client, directory }) => {
  const disk = await directory.disk({ size: 1000 });
  const options = { ...uploadOptions(client), disk, journalPath: `${directory.path}/missing/journal` };
  expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded' });
  expect(options.notices.join()).toContain('resuming will take longer');
});

/** Every call of an upload in turn, held up before and after S3 acted on it, for the process to end there. */
test('ended at any call, before or after it took effect, the next run ends with one object and nothing else', async ({
  client,
  directory,
  aws,
}) => {
  const disk = await directory.disk({ size: partSize + 1000 });
  const recorded = uploadOptions(client);
  const from = aws.calls.list().at(-1)?.sequence ?? 0;
  await uploadDisk({ ...recorded, disk, concurrency: 1 });
  const calls = aws.calls.list({ after: from });
  expect(calls.map(({ operation }) => operation)).toEqual([
    'HeadObject',
    'ListMultipartUploads',
    'CreateMultipartUpload',
    'UploadPart',
    'UploadPart',
    'CompleteMultipartUpload',
    'HeadObject',
    'ListMultipartUploads',
  ]);
  for (const nth of calls.keys()) {
    // What was answered with an error (the first look, at nothing) has no effect for the process to end after.
    const moments = calls[nth]!.status! < 400 ? (['before', 'after'] as const) : (['before'] as const);
    for (const when of moments) {
      const options = { ...uploadOptions(client), disk, concurrency: 1 };
      const stop = new AbortController();
      const ended = uploadDisk({ ...options, signal: stop.signal });
      const hanging = aws.faults.add({
        match: { service: 's3' },
        nth: nth + 1,
        action: { kind: 'hang', when },
      });
      await hanging.struck;
      stop.abort(new Error('ended'));
      await expect(ended).rejects.toThrow('ended');
      aws.faults.clear();

      const point = `${when} ${calls[nth]!.operation} (${nth + 1})`;
      await uploadDisk(options);
      expect((await storedBytes(client, options.key)).equals(disk.bytes), point).toBe(true);
      expect(await listOpenUploadIds(client, options.key), point).toEqual([]);
      expect(countCalls(aws, 'CreateMultipartUpload', options.key), point).toBeLessThanOrEqual(
        point === 'before CreateMultipartUpload (3)' ? 2 : 1,
      );
    }
  }
});

test('killed with parts under way, the same command sends only what had not arrived', async ({
  client,
  directory,
  aws,
}) => {
  const { path, bytes } = await directory.disk({ size });
  const disk = { path, size };
  const { key } = uploadOptions(client);
  const hanging = aws.faults.add({
    match: { operation: 'UploadPart', parameters: { key, partNumber: '2' } },
    times: 'always',
    action: { kind: 'hang' },
  });
  const child = spawn(
    process.execPath,
    ['--conditions=@ec2-image/source', new URL('support/upload-process.ts', import.meta.url).pathname],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        UPLOAD: JSON.stringify({
          url: aws.url,
          region,
          options: { bucket, key, digest, format, metadata, partSize, concurrency: 2, disk },
        }),
      },
    },
  );
  await hanging.struck;
  await expect.poll(() => countCalls(aws, 'UploadPart', key), { timeout: 10_000 }).toBe(parts);
  child.kill('SIGKILL');
  await once(child, 'exit');
  aws.faults.clear();

  const resumed = await uploadDisk({ client, bucket, key, digest, format, metadata, partSize, disk });
  expect(resumed).toMatchObject({ outcome: 'resumed' });
  expect(resumed.bytesSent).toBeLessThanOrEqual(2 * partSize);
  expect((await storedBytes(client, key)).equals(bytes)).toBe(true);
});
