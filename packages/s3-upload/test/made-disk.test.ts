import { PutObjectCommand } from '@aws-sdk/client-s3';
import { checksumOf } from '@ec2-image/checksum';
import { createPartMemory, type MadeDisk, type StreamedDisk, uploadDisk } from '@ec2-image/s3-upload';
import { partSize, sampleBytes } from './support/disks.ts';
import { countCalls, storedBytes, uploadOptions } from './support/emulator.ts';
import { calmTest, expect, test } from './support/fixtures.ts';

const size = 3 * partSize + 1000;

function madeDisk(bytes: Buffer) {
  const made: number[] = [];
  const disk: MadeDisk = {
    path: '/images/image.qcow2',
    size: bytes.length,
    async make({ start, end }, { buffer }) {
      made.push(start);
      const part = Buffer.from(buffer, 0, end - start);
      bytes.copy(part, 0, start, end);
      return { buffer, bytes: part, checksum: checksumOf('CRC32', part) };
    },
  };
  return { disk, made };
}

test('a disk is uploaded as it is made, and ends as an object with its checksum', async ({ client }) => {
  const bytes = sampleBytes({ size });
  const options = uploadOptions(client);
  const object = await uploadDisk({ ...options, ...madeDisk(bytes), journalPath: false });
  expect(object).toMatchObject({
    outcome: 'uploaded',
    size,
    checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: checksumOf('CRC32', bytes) },
  });
  expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
});

calmTest(
  'uploads share memory, and one whose bytes are still to come keeps none of it',
  async ({ client }) => {
    const bytes = sampleBytes({ size });
    const options = uploadOptions(client);
    const memory = createPartMemory({ parts: 1 });
    const { promise: hasArrived, resolve: arrive } = Promise.withResolvers<void>();
    const late = madeDisk(bytes);
    const upload = (key: string, disk: MadeDisk) =>
      uploadDisk({ ...options, key: `${options.key}${key}`, disk, memory, journalPath: false });
    const waiting = upload('late', { ...late.disk, ready: () => hasArrived });
    expect(await upload('ready', madeDisk(bytes).disk)).toMatchObject({ outcome: 'uploaded', size });
    expect(late.made).toEqual([]);
    arrive();
    expect(await waiting).toMatchObject({ outcome: 'uploaded', size });
  },
);

test('parts that are ready before their turn are sent while those in front of them wait', async ({
  client,
}) => {
  const count = 12;
  const bytes = sampleBytes({ size: count * partSize });
  const { promise: hasArrived, resolve: arrive } = Promise.withResolvers<void>();
  const { disk, made } = madeDisk(bytes);
  const isEarly = (start: number) => start >= 8 * partSize;
  const options = uploadOptions(client);
  const uploading = uploadDisk({
    ...options,
    concurrency: 3,
    disk: {
      ...disk,
      // The first one has arrived; what is behind it, but for the last four, comes with the end of the image.
      ready: ({ start }) => (start === 0 || isEarly(start) ? Promise.resolve() : hasArrived),
      early: ({ start }) => (isEarly(start) ? Promise.resolve() : undefined),
    },
    journalPath: false,
  });
  // Two of three places wait for the image: the third one takes all that is ready.
  const early = [0, 8, 9, 10, 11].map((part) => part * partSize);
  await expect.poll(() => new Set(made)).toEqual(new Set(early));
  arrive();
  expect(await uploading).toMatchObject({
    checksum: { type: 'FULL_OBJECT', value: checksumOf('CRC32', bytes) },
  });
  expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
});

test('a part that is never ready early is sent in its turn, and its failure is the upload’s', async ({
  client,
}) => {
  const bytes = sampleBytes({ size });
  const { disk } = madeDisk(bytes);
  const early = () => Promise.reject(new Error('the mirror takes no ranges'));
  const sent = await uploadDisk({ ...uploadOptions(client), disk: { ...disk, early }, journalPath: false });
  expect(sent).toMatchObject({ checksum: { value: checksumOf('CRC32', bytes) } });
});

calmTest('an upload that waits for memory ends at once with its signal', async ({ client }) => {
  const memory = createPartMemory({ parts: 1 });
  const taken = await memory.take();
  const stop = new AbortController();
  const reason = new Error('interrupted');
  const { disk } = madeDisk(sampleBytes({ size }));
  const uploading = uploadDisk({
    ...uploadOptions(client),
    disk: {
      ...disk,
      async ready() {
        setTimeout(() => stop.abort(reason), 50);
      },
    },
    memory,
    journalPath: false,
    signal: stop.signal,
  });
  await expect(uploading).rejects.toBe(reason);
  memory.give(taken);
});

calmTest(
  'an upload with a part that is made otherwise the second time is not completed',
  async ({ aws, client }) => {
    const bytes = sampleBytes({ size });
    const options = uploadOptions(client);
    const { disk, made } = madeDisk(bytes);
    const unsteady: MadeDisk = {
      ...disk,
      async make(range, given) {
        if (made.includes(range.start)) bytes[range.start]! ^= 1;
        return disk.make(range, given);
      },
    };
    aws.faults.add({
      match: { operation: 'UploadPart', parameters: { partNumber: '2' } },
      action: { kind: 'flip-bit', shows: 'lists' },
    });
    await expect(uploadDisk({ ...options, disk: unsteady, journalPath: false })).rejects.toMatchObject({
      code: 'DISK_DIFFERS',
      facts: { partNumber: 2 },
    });
    expect(countCalls(aws, 'CompleteMultipartUpload', options.key)).toBe(1);
  },
);

test('an object without a checksum is compared with the disk as it is made', async ({ client }) => {
  const bytes = sampleBytes({ size });
  const options = uploadOptions(client);
  const put = (body: Buffer) =>
    client.send(
      new PutObjectCommand({
        Bucket: options.bucket,
        Key: options.key,
        Body: body,
        Metadata: options.metadata,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
  await put(bytes);
  const { disk } = madeDisk(bytes);
  const upload = () => uploadDisk({ ...options, disk, journalPath: false });
  expect(await upload()).toMatchObject({ outcome: 'found', provenBy: 'read-back' });
  const other = Buffer.from(bytes);
  other[partSize + 5]! ^= 1;
  await put(other);
  expect(await upload()).toMatchObject({ outcome: 'uploaded' });
});

calmTest(
  'another machine makes the same parts, and sends those that are missing',
  async ({ aws, client }) => {
    const bytes = sampleBytes({ size });
    const options = uploadOptions(client);
    const { disk } = madeDisk(bytes);
    const failing: MadeDisk = {
      ...disk,
      async make(range, made) {
        if (range.start === 2 * partSize) throw new Error('the machine is gone');
        return disk.make(range, made);
      },
    };
    await expect(
      uploadDisk({ ...options, disk: failing, concurrency: 1, journalPath: false }),
    ).rejects.toThrow('the machine is gone');
    const before = countCalls(aws, 'UploadPart', options.key);
    const object = await uploadDisk({ ...options, disk, adoptAfterMs: 0, journalPath: false });
    expect(object).toMatchObject({ outcome: 'resumed', bytesSent: size - 2 * partSize });
    expect(countCalls(aws, 'UploadPart', options.key) - before).toBe(2);
    expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
  },
);

/** As of a stream: a part is there once the one that follows it has been asked for, the first one when all have been. */
function streamedDisk(bytes: Buffer) {
  const { disk, made } = madeDisk(bytes);
  const maxSize = bytes.length + 3 * partSize;
  let whole = Promise.withResolvers<void>();
  const streamed: StreamedDisk = {
    path: disk.path,
    maxSize,
    headBytes: 100,
    async make({ start, end }, given) {
      if (start === 0) {
        whole = Promise.withResolvers();
        await whole.promise;
      } else if (start >= bytes.length) {
        whole.resolve();
        return undefined;
      }
      return disk.make({ start, end: Math.min(end, bytes.length) }, given);
    },
  };
  return { disk: streamed, made };
}

calmTest('a disk is uploaded as it streams by, whose size only its end tells', async ({ aws, client }) => {
  const bytes = sampleBytes({ size });
  const options = uploadOptions(client);
  const { disk, made } = streamedDisk(bytes);
  const object = await uploadDisk({ ...options, disk, concurrency: 1, journalPath: false });
  expect(object).toMatchObject({ outcome: 'uploaded', size });
  expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
  expect(made).toHaveLength(4);
  expect(countCalls(aws, 'UploadPart', options.key)).toBe(4);
});

calmTest('a part that S3 has lost comes with the stream again, alone', async ({ aws, client, directory }) => {
  const bytes = sampleBytes({ size });
  const options = uploadOptions(client);
  const { disk, made } = streamedDisk(bytes);
  aws.faults.add({
    match: { operation: 'UploadPart', parameters: { partNumber: '2' } },
    action: { kind: 'flip-bit', shows: 'lists' },
  });
  const object = await uploadDisk({ ...options, disk, journalPath: `${directory.path}/journal` });
  expect(object).toMatchObject({ size });
  expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
  expect(made).toHaveLength(8);
  expect(countCalls(aws, 'UploadPart', options.key)).toBe(5);
});

calmTest('what a stream turns out not to have takes no memory', async ({ client }) => {
  const bytes = sampleBytes({ size });
  const { disk, made } = streamedDisk(bytes);
  const buffers = new Set<SharedArrayBuffer>();
  const watched: StreamedDisk = {
    ...disk,
    maxSize: bytes.length + 40 * partSize,
    make(range, given) {
      buffers.add(given.buffer);
      return disk.make(range, given);
    },
  };
  await uploadDisk({ ...uploadOptions(client), disk: watched, concurrency: 1, journalPath: false });
  // Another one comes back of each part that was made, as from a thread.
  expect(buffers.size).toBeLessThanOrEqual(made.length + 2);
});
