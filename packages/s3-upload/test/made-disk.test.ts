import { checksumOf } from '@ec2-image/checksum';
import { type MadeDisk, uploadDisk } from '@ec2-image/s3-upload';
import { partSize, sampleBytes } from './support/disks.ts';
import { countCalls, listOpenUploadIds, storedBytes, uploadOptions } from './support/emulator.ts';
import { calmTest, expect, test } from './support/fixtures.ts';

const size = 3 * partSize + 1000;

/** @param proven what an independent reading finds, default the same bytes */
function madeDisk(bytes: Buffer, proven = bytes) {
  const made: number[] = [];
  const disk: MadeDisk = {
    path: '/images/image.qcow2',
    size: bytes.length,
    async make({ start, end }, { buffer }) {
      made.push(start);
      // As from a thread: the memory that was given is gone, and comes back as another.
      const moved = structuredClone(buffer, { transfer: [buffer] });
      const part = Buffer.from(moved, 0, end - start);
      bytes.copy(part, 0, start, end);
      return { buffer: moved, bytes: part, checksum: checksumOf('CRC32', part) };
    },
    prove: async (ranges) => ranges.map(({ start, end }) => checksumOf('CRC32', proven.subarray(start, end))),
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

test('what an independent reading finds otherwise gets a second try, and is not completed', async ({
  client,
}) => {
  const bytes = sampleBytes({ size });
  const other = Buffer.from(bytes);
  other[partSize + 5]! ^= 1;
  const options = uploadOptions(client);
  const { disk, made } = madeDisk(bytes, other);
  await expect(uploadDisk({ ...options, disk, journalPath: false })).rejects.toMatchObject({
    code: 'DISK_DIFFERS',
    facts: { partNumber: 2 },
  });
  expect(made.filter((start) => start === partSize)).toHaveLength(2);
  expect(await listOpenUploadIds(client, options.key)).toHaveLength(1);
});

test('what the proof ends with, the upload ends with', async ({ client }) => {
  const { disk } = madeDisk(sampleBytes({ size }));
  const options = uploadOptions(client);
  const prove = () => Promise.reject(new Error('unreadable'));
  await expect(uploadDisk({ ...options, disk: { ...disk, prove }, journalPath: false })).rejects.toThrow(
    'unreadable',
  );
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
