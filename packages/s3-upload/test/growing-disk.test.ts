import { type FileHandle, open, rename } from 'node:fs/promises';
import { systemClock } from '@ec2-image/aws-call';
import { uploadDisk } from '@ec2-image/s3-upload';
import { type DiskDirectory, partSize, sampleBytes } from './support/disks.ts';
import { countCalls, listOpenUploadIds, storedBytes, uploadOptions } from './support/emulator.ts';
// Calm: they count uploads and parts, and a lost answer makes for one more.
import { expect, calmTest as test } from './support/fixtures.ts';

const size = 3 * partSize + 1000;

/** Writes as qemu-img writes VHDX: front to back, the head again at the end, then renamed into place. */
function writer(directory: DiskDirectory, name: string) {
  const partial = `${directory.path}/${name}.partial`;
  const path = `${directory.path}/${name}`;
  const bytes = sampleBytes({ size });
  const {
    promise: finished,
    resolve,
    reject: fail,
  } = Promise.withResolvers<{ path: string; size: number }>();
  let file: FileHandle;
  return {
    partial,
    finished,
    bytes,
    async write(from: number, to: number) {
      file ??= await open(partial, 'w');
      await file.write(bytes, from, to - from, from);
    },
    async reject(reason: Error) {
      await file.close();
      fail(reason);
    },
    async finish() {
      bytes.fill(0xff, 0, 512);
      await file.write(bytes, 0, 512, 0);
      await file.close();
      await rename(partial, path);
      resolve({ path, size });
    },
  };
}

test.for<[string, number]>([
  ['before any of it is there', 0],
  ['when half of it is there', 2 * partSize],
])(
  'a disk is uploaded while it is written, from %s; what changed afterwards is sent again',
  async ([_, written], { client, directory }) => {
    const disk = writer(directory, `growing-${written}`);
    const options = uploadOptions(client);
    await disk.write(0, written);
    const progress: (number | undefined)[] = [];
    const promise = uploadDisk({
      ...options,
      disk: { path: disk.partial, maxSize: 20 * partSize, finished: disk.finished },
      clock: { ...systemClock, sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) },
      onProgress: ({ total }) => progress.push(total),
    });
    await disk.write(written, 3 * partSize - 1);
    await expect.poll(() => progress.length, { timeout: 20_000 }).toBe(2);
    expect(await listOpenUploadIds(client, options.key)).toHaveLength(1);
    await disk.write(3 * partSize - 1, size);
    await expect.poll(() => progress.length, { timeout: 20_000 }).toBe(3);
    await disk.finish();

    expect(await promise).toMatchObject({ outcome: 'uploaded', size, bytesSent: size + partSize });
    expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
    expect(options.notices).toEqual([]);
    expect(progress.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(progress.at(-1)).toBe(size);
  },
);

test('a part is not sent before the file has grown past it by what may be unsettled', async ({
  client,
  directory,
  aws,
}) => {
  const disk = writer(directory, 'unsettled');
  const options = uploadOptions(client);
  await disk.write(0, 2 * partSize);
  const promise = uploadDisk({
    ...options,
    disk: { path: disk.partial, maxSize: size, writeLagBytes: partSize + 500, finished: disk.finished },
    clock: { ...systemClock, sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) },
  });
  await disk.write(2 * partSize, 2 * partSize + 500);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(countCalls(aws, 'UploadPart', options.key)).toBe(0);
  await disk.write(2 * partSize + 500, 2 * partSize + 501);
  await expect.poll(() => countCalls(aws, 'UploadPart', options.key), { timeout: 10_000 }).toBe(1);
  await disk.write(2 * partSize + 501, size);
  await disk.finish();
  await promise;
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});

test('a conversion that fails ends the upload with the same error, and its parts are kept', async ({
  client,
  directory,
  aws,
}) => {
  const disk = writer(directory, 'failing');
  const options = uploadOptions(client);
  await disk.write(0, 2 * partSize);
  const promise = uploadDisk({
    ...options,
    disk: { path: disk.partial, maxSize: 20 * partSize, finished: disk.finished },
  });
  promise.catch(() => {});
  await expect.poll(() => countCalls(aws, 'UploadPart', options.key), { timeout: 20_000 }).toBe(1);
  const reason = new Error('qemu-img failed');
  await disk.reject(reason);
  await expect(promise).rejects.toBe(reason);
  expect(await listOpenUploadIds(client, options.key)).toHaveLength(1);
});

test('a disk that outgrows what was announced is uploaded all the same', async ({ client, directory }) => {
  const disk = writer(directory, 'outgrown');
  const options = uploadOptions(client);
  await disk.write(0, size);
  await disk.finish();
  const result = await uploadDisk({
    ...options,
    disk: { path: disk.partial, maxSize: partSize, finished: disk.finished },
  });
  expect(result).toMatchObject({ size });
  expect((await storedBytes(client, options.key)).equals(disk.bytes)).toBe(true);
});
