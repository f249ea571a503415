import { copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FaultRule } from '@ec2-image/local-aws';
import { alterFile } from './support/alter-file.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { holdProgram } from './support/hold-program.ts';
import { areEqualDisks, type Flags, flagsOf, type ImportDocument, importArgs } from './support/import.ts';
import { type InProcessEnd, runInProcess } from './support/in-process.ts';
import { type LocalFormat, type LocalImage, makeLocalImages } from './support/local-images.ts';
import { usePath } from './support/use-path.ts';

/** Behind what any reader has read ahead of its first request. */
const late = { behind: 0.95 };
/** What was never written is left out, or each import would write a GiB. */
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true };

/** A local image and the command that imports it. */
interface Subject extends LocalImage {
  /** What is in it. */
  readonly disk: string;
  readonly args: string[];
  alter(options?: { readonly behind: number }): Promise<void>;
  /** As it was published. */
  restore(): Promise<void>;
}

const test = testWith()
  .extend('small', { scope: 'file' }, () => makeLocalImages({ sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 }))
  /** More blocks of data than are ever under way at once, and more parts. */
  .extend('large', { scope: 'file' }, () =>
    makeLocalImages({ sizeBytes: 64 * 2 ** 20, dataBytes: 48 * 2 ** 20 }),
  )
  .extend('subjectOf', ({ account, workDirectory, small, large }) => {
    return async (format: LocalFormat, flags: Flags, { isLarge = false } = {}): Promise<Subject> => {
      const local = isLarge ? large : small;
      const published = await local.image(format);
      const path = join(workDirectory, 'images of mine', basename(published.path));
      await mkdir(dirname(path), { recursive: true });
      await copyFile(published.path, path);
      return {
        ...published,
        path,
        disk: local.disk,
        args: importArgs({ account, workDirectory, url: path, sha256: published.sha256, ...flags }),
        alter: (options) => alterFile(path, options),
        restore: () => copyFile(published.path, path),
      };
    };
  })
  /** Holds these calls until the rule is removed. */
  .extend(
    'hold',
    ({ account }) =>
      (operation: string, rule: Omit<FaultRule, 'action'> = {}) =>
        account.aws.faults.add({ match: { operation }, times: 'always', ...rule, action: { kind: 'hang' } }),
  )
  /** The end of a run during which the image was altered while this program was held. */
  .extend('alterAt', () => async (subject: Subject, program: Parameters<typeof holdProgram>[0]) => {
    const held = await holdProgram(program);
    using _ = usePath(held.path);
    const ended = runInProcess(subject.args);
    await held.reached();
    await subject.alter();
    await held.release();
    return await ended;
  })
  .extend('expectImported', ({ account }) => async ({ disk }: Subject, end: InProcessEnd) => {
    expect(end.exitCode, end.stderr).toBe(0);
    const { snapshotId } = end.json<ImportDocument>().images[0]!;
    expect(await areEqualDisks(disk, account.snapshotPath(snapshotId!))).toBe(true);
  })
  /** The run failed by this, and published nothing; the same command makes the right AMI of the right image. */
  .extend(
    'expectRefused',
    ({ account, expectImported }) =>
      async (subject: Subject, { exitCode, stderr, json }: InProcessEnd, code = 'IMAGE_CHANGED') => {
        const { error } = json<ImportDocument>().images[0]!;
        expect([exitCode, error?.code], stderr).toEqual([1, code]);
        expect(error!.message).toContain(subject.path);
        const { images, snapshots, objects } = await account.contents();
        expect({ images, snapshots, objects }).toEqual({ images: [], snapshots: [], objects: [] });
        await subject.restore();
        await expectImported(subject, await runInProcess(subject.args));
      },
  );

/** Another directory gets the name of the one that the image is in, with another image in it, until the function is called. */
async function swapDirectory({ path }: Subject): Promise<() => Promise<void>> {
  const directory = dirname(path);
  await rename(directory, `${directory}.away`);
  await mkdir(directory);
  await copyFile(join(`${directory}.away`, basename(path)), path);
  await alterFile(path);
  return async () => {
    await rename(directory, `${directory}.other`);
    await rename(`${directory}.away`, directory);
  };
}

describe('a local image that others write to, by way of S3', () => {
  test.for<[LocalFormat, string]>([
    ['raw', 'raw'],
    ['qcow2.gz', 'vhdx'],
  ])('a %s as %s: before it is hashed', async ([format, asFormat], { subjectOf, expectRefused }) => {
    const image = await subjectOf(format, { format: asFormat });
    await image.alter();
    await expectRefused(image, await runInProcess(image.args), 'DIGEST_MISMATCH');
  });

  test.for<[LocalFormat, Flags, command: string, when: 'before' | 'after']>([
    // Our own converter reads the image after qemu-img has shown the partition table, or the file's holes.
    ['qcow2', { format: 'vhdx' }, 'dd', 'after'],
    ['raw', { format: 'vhdx' }, 'map', 'after'],
    ['qcow2', { format: 'vhdx', converter: 'qemu-img' }, 'convert', 'before'],
    ['raw', { format: 'vhdx', converter: 'qemu-img' }, 'convert', 'before'],
  ])(
    'a %s by %o: between hash and conversion',
    async ([format, flags, command, when], { subjectOf, alterAt, expectRefused }) => {
      const image = await subjectOf(format, flags);
      await expectRefused(image, await alterAt(image, { name: 'qemu-img', command, when }));
    },
  );

  test('a raw: only while it is converted and compared', async ({ subjectOf, expectRefused }) => {
    const image = await subjectOf('raw', { format: 'vhdx', converter: 'qemu-img' });
    const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
    const { path } = converting;
    const compared = await holdProgram({ name: 'qemu-img', command: 'compare', when: 'after', path });
    using _ = usePath(compared.path);
    const ended = runInProcess(image.args);
    await converting.reached();
    await image.alter();
    await converting.release();
    await compared.reached();
    await image.alter();
    await compared.release();
    await expectRefused(image, await ended);
  });

  test('a raw: another file takes its name while it is converted and compared', async ({
    subjectOf,
    expectRefused,
  }) => {
    const image = await subjectOf('raw', { format: 'vhdx', converter: 'qemu-img' });
    const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
    using _ = usePath(converting.path);
    const ended = runInProcess(image.args);
    await converting.reached();
    await copyFile(image.path, `${image.path}.other`);
    await alterFile(`${image.path}.other`);
    await rename(`${image.path}.other`, image.path);
    await converting.release();
    await expectRefused(image, await ended);
  });

  test.for<[LocalFormat, Flags]>([
    ['raw', { format: 'vhdx', converter: 'qemu-img' }],
    ['qcow2', { format: 'vhdx', converter: 'qemu-img' }],
  ])(
    'a %s by %o: another directory has its name while it is converted and compared',
    async ([format, flags], { subjectOf, expectImported }) => {
      const image = await subjectOf(format, flags);
      const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
      const { path } = converting;
      const compared = await holdProgram({ name: 'qemu-img', command: 'compare', when: 'after', path });
      using _ = usePath(compared.path);
      const ended = runInProcess(image.args);
      await converting.reached();
      const restore = await swapDirectory(image);
      await converting.release();
      await compared.reached();
      await restore();
      await compared.release();
      await expectImported(image, await ended);
    },
  );

  test('a raw as raw: while it is sent', async ({ subjectOf, hold, expectRefused }) => {
    const image = await subjectOf('raw', { format: 'raw' }, { isLarge: true });
    const sending = hold('UploadPart');
    const byUrl = image.args.map((arg) => (arg === image.path ? pathToFileURL(arg).href : arg));
    const ended = runInProcess(byUrl);
    await sending.struck;
    await image.alter(late);
    sending.remove();
    await expectRefused(image, await ended);
  });

  test('after it was read: the AMI has the right disk', async ({ subjectOf, hold, expectImported }) => {
    const image = await subjectOf('raw', { format: 'raw' });
    const importing = hold('ImportSnapshot', { times: 1 });
    const ended = runInProcess(image.args);
    await importing.struck;
    await image.alter();
    importing.remove();
    await expectImported(image, await ended);
  });
});

describe('the same by EBS direct', () => {
  test.for<LocalFormat>(['raw', 'raw.xz'])(
    'a %s: before it is read',
    async (format, { subjectOf, expectRefused }) => {
      const image = await subjectOf(format, byEbs);
      await image.alter();
      await expectRefused(image, await runInProcess(image.args), 'DIGEST_MISMATCH');
    },
  );

  test.for<[LocalFormat, Flags]>([
    ['raw', {}],
    ['raw', { verify: true }],
    ['raw.xz', {}],
    ['qcow2', { verify: true }],
  ])('a %s %o: while it is sent', async ([format, flags], { subjectOf, hold, expectRefused }) => {
    const image = await subjectOf(format, { ...byEbs, ...flags }, { isLarge: true });
    const sending = hold('PutSnapshotBlock');
    const ended = runInProcess(image.args);
    await sending.struck;
    await image.alter(late);
    sending.remove();
    await expectRefused(image, await ended);
  });

  test('a qcow2: between hash and the first block', async ({ subjectOf, alterAt, expectRefused }) => {
    const image = await subjectOf('qcow2', byEbs);
    await expectRefused(image, await alterAt(image, { name: 'qemu-nbd', when: 'before' }));
  });

  test('a qcow2: another directory has its name from the hash to the last block', async ({
    subjectOf,
    hold,
    expectImported,
  }) => {
    const image = await subjectOf('qcow2', byEbs);
    const serving = await holdProgram({ name: 'qemu-nbd', when: 'before' });
    using _ = usePath(serving.path);
    const completing = hold('CompleteSnapshot');
    const ended = runInProcess(image.args);
    await serving.reached();
    const restore = await swapDirectory(image);
    await serving.release();
    await Promise.race([completing.struck, ended]);
    await restore();
    completing.remove();
    await expectImported(image, await ended);
  });

  test('a qcow2: only while it is sent', async ({ subjectOf, hold, expectRefused }) => {
    const image = await subjectOf('qcow2', byEbs, { isLarge: true });
    const first = hold('PutSnapshotBlock');
    const completing = hold('CompleteSnapshot');
    const ended = runInProcess(image.args);
    await first.struck;
    await image.alter(late);
    first.remove();
    const last = hold('PutSnapshotBlock', { nth: 80 });
    await Promise.race([last.struck, ended]);
    await image.alter(late);
    last.remove();
    await Promise.race([completing.struck, ended]);
    completing.remove();
    await expectRefused(image, await ended);
  });
});

test('verify: does not call the snapshot wrong when others write to the disk while it is read', async ({
  account,
  workDirectory,
  subjectOf,
  alterAt,
}) => {
  const image = await subjectOf('qcow2', byEbs);
  const made = await runInProcess(image.args);
  const { snapshotId } = made.json<ImportDocument>().images[0]!;
  const verify = ['verify', snapshotId!, '--allow-absent'];
  const flags = { file: image.path, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, json: true };
  const { exitCode, json } = await alterAt(
    { ...image, args: [...verify, ...flagsOf(flags)] },
    { name: 'qemu-nbd', when: 'before' },
  );
  expect([exitCode, json()]).toMatchObject([1, { error: { code: 'IMAGE_CHANGED' } }]);
});
