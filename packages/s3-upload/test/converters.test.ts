import { checksumOf } from '@ec2-image/checksum';
import { abandonUpload, type MadeDisk, uploadDisk } from '@ec2-image/s3-upload';
import { partSize, sampleBytes } from './support/disks.ts';
import { countCalls, listOpenUploadIds, storedBytes, uploadOptions } from './support/emulator.ts';
import { calmTest, expect } from './support/fixtures.ts';

const size = 3 * partSize + 1000;

/** @param failsAt where the machine breaks down, in bytes */
function madeDisk(bytes: Buffer, { failsAt = size } = {}): MadeDisk {
  return {
    path: '/images/image.qcow2',
    size: bytes.length,
    async make({ start, end }, { buffer }) {
      if (start >= failsAt) throw new Error('the machine is gone');
      const part = Buffer.from(buffer, 0, end - start);
      bytes.copy(part, 0, start, end);
      return { buffer, bytes: part, checksum: checksumOf('CRC32', part) };
    },
  };
}

const before = sampleBytes({ size });
const bytes = sampleBytes({ size, seed: 2 });
const broken = madeDisk(before, { failsAt: 2 * partSize });

calmTest(
  'an interrupted upload of another converter is aborted, and none of it kept',
  async ({ aws, client, directory }) => {
    const options = { ...uploadOptions(client), journalPath: `${directory.path}/journal`, concurrency: 1 };
    const notices: string[] = [];
    await expect(uploadDisk({ ...options, disk: broken, converter: 'one' })).rejects.toThrow('gone');
    const again = { ...options, converter: 'two', onNotice: (message: string) => void notices.push(message) };
    const object = await uploadDisk({ ...again, disk: madeDisk(bytes) });
    expect(object).toMatchObject({ outcome: 'uploaded', bytesSent: size });
    expect(notices.join()).toContain('another converter');
    expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(2);
    expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
  },
);

calmTest(
  'an upload of another machine whose parts are others is aborted, and none of it kept',
  async ({ aws, client }) => {
    const options = {
      ...uploadOptions(client),
      journalPath: false as const,
      concurrency: 1,
      adoptAfterMs: 0,
    };
    await expect(uploadDisk({ ...options, disk: broken })).rejects.toThrow('gone');
    const object = await uploadDisk({ ...options, disk: madeDisk(bytes) });
    expect(object).toMatchObject({ outcome: 'uploaded', bytesSent: size });
    expect(countCalls(aws, 'CreateMultipartUpload', options.key)).toBe(2);
    expect((await storedBytes(client, options.key)).equals(bytes)).toBe(true);
    expect(await listOpenUploadIds(client, options.key)).toEqual([]);
  },
);

calmTest(
  'an upload is abandoned by its journal, and those of other machines stay',
  async ({ client, directory }) => {
    const options = { ...uploadOptions(client), concurrency: 1 };
    const own = { ...options, journalPath: `${directory.path}/journal` };
    await expect(uploadDisk({ ...options, disk: broken, journalPath: false })).rejects.toThrow('gone');
    const [other] = await listOpenUploadIds(client, options.key);
    await expect(uploadDisk({ ...own, disk: broken })).rejects.toThrow('gone');
    expect(await listOpenUploadIds(client, options.key)).toHaveLength(2);
    await abandonUpload(own);
    expect(await listOpenUploadIds(client, options.key)).toEqual([other]);
    await abandonUpload(own);
    expect(await listOpenUploadIds(client, options.key)).toEqual([other]);
  },
);

calmTest.for([
  { repeated: true, left: 3 },
  { repeated: false, left: 2 },
])(
  'so is what was created by a call whose answer was lost, $repeated that it was repeated',
  async ({ repeated, left }, { aws, client, directory }) => {
    const options = { ...uploadOptions(client), concurrency: 1 };
    await expect(uploadDisk({ ...options, disk: broken, journalPath: false })).rejects.toThrow('gone');
    const [other] = await listOpenUploadIds(client, options.key);
    const own = { ...options, journalPath: `${directory.path}/journal` };
    aws.faults.add({
      match: { operation: 'CreateMultipartUpload' },
      action: { kind: 'drop', when: 'after' },
    });
    const limits = repeated ? {} : { outageTimeoutMs: 0 };
    await expect(uploadDisk({ ...own, ...limits, disk: broken })).rejects.toThrow();
    expect(await listOpenUploadIds(client, options.key)).toHaveLength(left);
    await abandonUpload(own);
    expect(await listOpenUploadIds(client, options.key)).toEqual([other]);
  },
);
