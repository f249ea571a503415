import { createHash } from 'node:crypto';
import { copyFile, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteSnapshotCommand,
  EBSClient,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { DeleteSnapshotCommand, DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import type { ImageFormat } from '@ec2-image/sample-image';
import type { StepName } from '../src/outcome.ts';
import { bucket, type TestAccount } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { TestImages } from './support/images.ts';
import { areEqualDisks, type Flags, flagsOf, type ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { volumeHoldsDisk } from './support/volume.ts';

const formats = ['qcow2', 'raw.xz', 'raw.gz', 'raw', 'vmdk'] as const;

/** Few blocks: of zeros past the disk's end alone there are two thousand, which take seconds on an idle machine. */
const fewBlocks = { 'omit-holes': true };
const whole = { 'omit-holes': undefined };
const wholeLimitMs = 240_000;

/** Which blocks these calls are about: in adverse conditions some are sent twice. */
const blocksOf = (calls: ReturnType<TestAccount['calls']>) =>
  new Set(calls.map(({ parameters }) => parameters.BlockIndex));

const test = testWith({ formats, flags: { via: 'ebs', ...fewBlocks } })
  .extend(
    'importBy',
    ({ images, runImport }) =>
      (format: ImageFormat, flags: Flags = {}) =>
        runImport({ url: images.url(format), ...flags }),
  )
  .extend(
    'verify',
    ({ account, workDirectory }) =>
      (target: string, flags: Flags) =>
        runInProcess([
          'verify',
          target,
          ...flagsOf({ 'endpoint-url': account.aws.url, 'work-dir': workDirectory, json: true, ...flags }),
        ]),
  );

describe('import --via ebs', () => {
  test.for(['qcow2', 'vmdk'] as const)(
    'a %s becomes the same snapshot as by way of S3, without a bucket',
    async (format, { account, images, importBy }) => {
      const { exitCode, result, stderr } = await importBy(format, { bucket: undefined, verify: true });
      expect(exitCode, stderr).toBe(0);
      expect(result.outcome).toBe('imported');
      const { images: amis, snapshots, objects, tasks } = await account.contents();
      expect({ objects, tasks }).toEqual({ objects: [], tasks: [] });
      expect([amis.length, snapshots.map(({ State }) => State)]).toEqual([1, ['completed']]);
      expect(tagRecord(snapshots[0]!.Tags)).toMatchObject({
        Name: result.amiName,
        'ec2-image:source-digest': result.source.digest,
        'ec2-image:disk-format': 'raw',
        'ec2-image:started-at': expect.stringMatching(/^\d{4}-/),
      });
      const byEbs = account.snapshotPath(result.snapshotId!);
      expect(await areEqualDisks(images.disk, byEbs)).toBe(true);

      const byS3 = await importBy(format, { via: 's3', suffix: 'other', fresh: true });
      expect(byS3.exitCode, byS3.stderr).toBe(0);
      expect(await areEqualDisks(byEbs, account.snapshotPath(byS3.result.snapshotId!))).toBe(true);
    },
  );

  test('holes of the source are left out where that is asked for, and a run that asks for all takes none of it', async ({
    account,
    images,
    importBy,
    verify,
  }) => {
    const first = await importBy('qcow2', { verify: true });
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/lacks \d+ blocks of zeros/);
    const { snapshotId } = first.result;
    expect(await areEqualDisks(images.disk, account.snapshotPath(snapshotId!))).toBe(true);
    expect(await volumeHoldsDisk({ account, images, encrypted: true }, snapshotId!)).toBe(false);
    const puts = account.calls('PutSnapshotBlock').length;
    expect(puts).toBeLessThan(32);

    const end = await verify(snapshotId!, { file: images.disk });
    expect([end.exitCode, end.json()]).toMatchObject([1, { error: { code: 'ABSENT_BLOCKS' } }]);
    const without = await importBy('qcow2', whole);
    expect(without.result.error?.code).toBe('AMI_NAME_TAKEN_BY_OURS');
    expect(without.result.error?.message).toContain('--omit-holes');
    const again = await importBy('qcow2', { suffix: 'again' });
    expect(again.result).toMatchObject({ outcome: 'imported', snapshotId });
  });

  test('the holes of a sparse raw file are left out of the file itself, not of its download', {
    timeout: wholeLimitMs,
  }, async ({ account, images, importBy }) => {
    const local = await importBy('raw', {
      url: join(images.directory, 'Test-Cloud-1.0.x86_64.raw'),
    });
    expect(local.exitCode, local.stderr).toBe(0);
    expect(account.calls('PutSnapshotBlock').length).toBeLessThan(32);
    const before = account.calls('PutSnapshotBlock').length;
    // A download does not have the publisher's map. It need not be written to its end to show that.
    account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock' },
      nth: 100,
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const downloaded = await importBy('raw', { suffix: 'other', fresh: true });
    expect(downloaded.result.error?.code).toBe('ACCESS_DENIED');
    expect(blocksOf(account.calls('PutSnapshotBlock').slice(before)).size).toBeGreaterThan(64);
  });

  test('a raw.xz takes no file at all, and all its blocks are written', {
    timeout: wholeLimitMs,
  }, async ({ account, workDirectory, importBy }) => {
    const files: string[] = [];
    const watching = setInterval(async () => {
      const names = await readdir(workDirectory, { recursive: true }).catch(() => []);
      files.push(...names.filter((name) => /\.(xz|raw|partial)/.test(name)));
    }, 25);
    const { exitCode, result, stderr } = await importBy('raw.xz');
    clearInterval(watching);
    expect(exitCode, stderr).toBe(0);
    expect(files).toEqual([]);
    expect(blocksOf(account.calls('PutSnapshotBlock')).size).toBe(2048);
    const taken = Object.fromEntries(result.steps.map(({ step, outcome }) => [step, outcome]));
    expect(taken).toEqual({
      download: 'done',
      checksum: 'done',
      convert: 'skipped',
      upload: 'skipped',
      import: 'done',
      prove: 'done',
      register: 'done',
      tag: 'done',
      'boot-test': 'skipped',
      copy: 'skipped',
      share: 'skipped',
      deprecate: 'skipped',
      announce: 'skipped',
    } satisfies Record<StepName, string>);
  });

  test('a raw.xz with another digest is never completed, and its blocks are thrown away', async ({
    account,
    importBy,
  }) => {
    const { exitCode, result } = await importBy('raw.xz', {
      'checksum-url': undefined,
      sha256: 'ab'.repeat(32),
    });
    expect([exitCode, result.outcome, result.error?.code]).toEqual([1, 'failed', 'DIGEST_MISMATCH']);
    // The snapshot was deleted: nobody is sent to look for it.
    expect(result.leftovers).toEqual([]);
    expect(account.calls('PutSnapshotBlock').length).toBeGreaterThan(0);
    expect(account.calls('CompleteSnapshot')).toEqual([]);
    expect(await account.contents()).toMatchObject({ snapshots: [], images: [] });
  });

  test('the snapshot of an earlier run is used', async ({ account, importBy }) => {
    const first = await importBy('qcow2');
    const second = await importBy('qcow2', { suffix: 'other' });
    expect(second.result).toMatchObject({ outcome: 'imported', snapshotId: first.result.snapshotId });
    const third = await importBy('qcow2');
    expect(third.result).toMatchObject({ outcome: 'reused', imageId: first.result.imageId });
    expect(await account.contents()).toMatchObject({ snapshots: [{}], images: [{}, {}] });
  });
});

describe('verify', () => {
  test.for(['s3', 'ebs'])(
    'passes on a snapshot made by way of %s, by AMI and by snapshot',
    async (via, { images, importBy, verify }) => {
      const { result, stderr } = await importBy('qcow2', { via, bucket });
      expect(result.error, stderr).toBeUndefined();
      const disk = images.directory;
      const allowed = { 'allow-absent': true };
      for (const file of ['qcow2', 'raw.xz', 'vmdk'].map((format) =>
        join(disk, `Test-Cloud-1.0.x86_64.${format}`),
      )) {
        const end = await verify(result.imageId!, { file, ...allowed });
        expect(end.exitCode, end.stderr).toBe(0);
        expect(end.json()).toMatchObject({ verify: { snapshotId: result.snapshotId, equal: true } });
      }
      const byUrl = await verify(result.snapshotId!, {
        url: images.url('raw.xz'),
        'checksum-url': images.checksumUrl,
        ...allowed,
      });
      expect(byUrl.exitCode, byUrl.stderr).toBe(0);
    },
  );

  test('needs the disk only once: its digests will do', async ({
    images,
    workDirectory,
    importBy,
    verify,
  }) => {
    const { result } = await importBy('qcow2');
    const digests = join(workDirectory, 'disk.digests');
    const allowed = { 'allow-absent': true };
    const first = await verify(result.snapshotId!, {
      file: images.disk,
      'save-digests': digests,
      ...allowed,
    });
    expect(first.exitCode, first.stderr).toBe(0);
    const later = await verify(result.imageId!, { digests, ...allowed });
    expect([later.exitCode, later.json()]).toEqual([0, first.json()]);
    await writeFile(digests, (await readFile(digests, 'utf8')).slice(0, -100));
    const torn = await verify(result.imageId!, { digests });
    expect([torn.exitCode, torn.json()]).toMatchObject([1, { error: { code: 'BAD_DIGESTS_FILE' } }]);
  });

  test("finds one bit that is not the disk's, data in a hole, and data that is missing, by offset", async ({
    images,
    workDirectory,
    importBy,
    verify,
  }) => {
    const { result } = await importBy('qcow2');
    const at = 3 * 2 ** 20 + 12_345;
    const byteOf = async (path: string, offset: number) => {
      const file = await open(path);
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
      await file.close();
      return buffer[0]!;
    };
    const changed = async (name: string, offset: number, change: (byte: number) => number) => {
      const path = join(workDirectory, name);
      await copyFile(images.disk, path);
      const file = await open(path, 'r+');
      await file.write(Buffer.of(change(await byteOf(path, offset))), 0, 1, offset);
      await file.close();
      return path;
    };
    const hole = 14 * 2 ** 20 + 777;
    expect(await byteOf(images.disk, hole)).toBe(0);
    for (const [file, offset] of [
      [await changed('flipped.raw', at, (byte) => byte ^ 8), at],
      [await changed('filled.raw', hole, () => 1), hole],
    ] as const) {
      const end = await verify(result.imageId!, { file });
      expect(end.stderr.match(/(?<=: verify snapshot: )\w+/g)).toEqual(['started', 'failed']);
      expect([end.exitCode, end.json()]).toMatchObject([
        1,
        {
          error: {
            code: 'SNAPSHOT_DIFFERS',
            message: expect.stringContaining(String(offset - (offset % 524_288))),
          },
        },
      ]);
    }
  });

  test('of a reused AMI by import --verify', async ({ account, importBy }) => {
    const { result } = await importBy('qcow2');
    const again = await importBy('qcow2', { verify: true });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.result).toMatchObject({ outcome: 'reused', imageId: result.imageId });
    const lines = again.stderr.split('\n').map((line) => line.replace(/ in [\d.]+m?s.*/, ''));
    for (const line of ['register: reused', 'tag: started', 'tag: reused'])
      expect(lines.filter((one) => one === `test-cloud: ${line}`)).toHaveLength(1);
    for (const stage of ['checking', 'verify snapshot'])
      expect(lines.filter((one) => one === `test-cloud: ${stage}: done`)).toHaveLength(1);
    expect(account.calls('GetSnapshotBlock').length).toBeGreaterThan(0);
  });

  test('import --verify makes no AMI of a snapshot that is not the disk', async ({ account, importBy }) => {
    account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '0' } },
      times: 'always',
      action: { kind: 'flip-bit' },
    });
    const { exitCode, result } = await importBy('qcow2', { verify: true });
    expect([exitCode, result.error?.code]).toEqual([1, 'SNAPSHOT_DIFFERS']);
    expect((await account.contents()).images).toEqual([]);
  });
});

test('a snapshot that is found to be another disk and has an AMI is marked, named with it, and used by nobody', async ({
  account,
  images,
  importBy,
}) => {
  const flip = account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '0' } },
    times: 'always',
    action: { kind: 'flip-bit' },
  });
  const wrong = (await importBy('qcow2', { suffix: 'wrong', proof: 'none' })).result;
  flip.remove();
  const { exitCode, result, stderr, stdout } = await importBy('qcow2', { suffix: 'right' });
  expect([exitCode, result.outcome], stderr).toEqual([0, 'imported']);
  expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);
  expect(result.leftovers).toEqual([
    `snapshot ${wrong.snapshotId}, which is not the disk of its image, and ${wrong.imageId} made of it`,
  ]);
  expect(stdout).toContain(wrong.imageId);
  const marked = (await account.contents()).snapshots.find(
    ({ SnapshotId }) => SnapshotId === wrong.snapshotId,
  );
  expect(tagRecord(marked?.Tags)).toMatchObject({ 'ec2-image:proof': 'failed' });

  const trusting = await importBy('qcow2', { suffix: 'trusting', proof: 'none' });
  expect(trusting.result, trusting.stderr).toMatchObject({ snapshotId: result.snapshotId });
  const again = await importBy('qcow2', { suffix: 'wrong', proof: 'none' });
  expect([again.exitCode, again.result.error?.message]).toEqual([
    1,
    expect.stringContaining('its snapshot has failed its proof'),
  ]);
});

describe('blocks of zeros that a snapshot never got', () => {
  /** In the place of the AMI and its snapshot, a snapshot like it as a writer makes it that leaves zeros out. */
  async function leaveOnlySparse(
    { account, images }: { readonly account: TestAccount; readonly images: TestImages },
    { snapshotId, imageId }: ImportDocument['images'][number],
  ): Promise<string> {
    const [snapshot] = (await account.contents()).snapshots;
    const ebs = account.client(EBSClient);
    const { SnapshotId } = await ebs.send(
      new StartSnapshotCommand({
        VolumeSize: 1,
        Tags: snapshot!.Tags?.filter(({ Key }) => Key !== 'ec2-image:holes'),
        Description: snapshot!.Description,
      }),
    );
    const bytes = await readFile(images.disk);
    let written = 0;
    for (let at = 0; at < bytes.length; at += 524_288) {
      const data = bytes.subarray(at, at + 524_288);
      if (data.every((byte) => byte === 0)) continue;
      written += 1;
      await ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId,
          BlockIndex: at / 524_288,
          BlockData: data,
          DataLength: 524_288,
          Checksum: createHash('sha256').update(data).digest('base64'),
          ChecksumAlgorithm: 'SHA256',
        }),
      );
    }
    await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: written }));
    await account.ec2.send(new DeregisterImageCommand({ ImageId: imageId! }));
    await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId! }));
    return SnapshotId!;
  }

  test('are an error of their own where EBS direct wrote it, and never a reason to delete it', async ({
    account,
    images,
    importBy,
    verify,
  }) => {
    const sparse = await leaveOnlySparse({ account, images }, (await importBy('qcow2')).result);
    const verified = await verify(sparse, { file: images.disk });
    expect([verified.exitCode, verified.json()]).toMatchObject([
      1,
      { error: { code: 'ABSENT_BLOCKS', hint: expect.stringMatching(/--fresh.*--allow-absent/) } },
    ]);
    const allowed = await verify(sparse, { file: images.disk, 'allow-absent': true });
    expect([allowed.exitCode, allowed.json()]).toMatchObject([
      0,
      { verify: { equal: true, absentBlocks: expect.any(Number) } },
    ]);
    expect(allowed.stderr).toMatch(/lacks \d+ blocks of zeros/);

    const refused = await importBy('qcow2', { ...whole, verify: true });
    expect([refused.exitCode, refused.result.error?.code]).toEqual([1, 'ABSENT_BLOCKS']);
    const { images: amis, snapshots } = await account.contents();
    expect([amis, snapshots.map(({ SnapshotId }) => SnapshotId)]).toEqual([[], [sparse]]);
    expect(await importBy('qcow2', { ...whole, verify: true, 'allow-absent': true })).toMatchObject({
      exitCode: 0,
      result: { outcome: 'imported', snapshotId: sparse },
      stderr: expect.stringMatching(/lacks \d+ blocks of zeros/),
    });
  });

  // Calm: its import leaves zeros out; in adverse conditions chance decides.
  test.extend('accountOptions', { conditions: 'calm' })(
    'are a warning in an imported snapshot',
    async ({ images, importBy, verify }) => {
      const { result } = await importBy('qcow2', { via: 's3', verify: true });
      expect(result.outcome).toBe('imported');
      const end = await verify(result.imageId!, { file: images.disk });
      expect([end.exitCode, end.json()]).toMatchObject([0, { verify: { equal: true } }]);
      expect(end.json<{ verify: { absentBlocks: number } }>().verify.absentBlocks).toBeGreaterThan(0);
      expect(end.stderr).toMatch(/lacks \d+ blocks of zeros/);
    },
  );
});
