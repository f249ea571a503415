import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { tagRecord } from '@ec2-image/provenance';
import { bucket } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { holdProgram } from './support/hold-program.ts';
import { areEqualDisks } from './support/import.ts';
import { misreadingQemuNbd } from './support/misreading-qemu-nbd.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { usePath } from './support/use-path.ts';

const says = /differs from what QEMU reads in the image/;

const test = testWith({ account: { conditions: 'adverse' } })
  /** The tags of what there is one of. */
  .extend('tags', ({ account }) => async () => {
    const { images, snapshots } = await account.contents();
    expect([images.length, snapshots.length]).toEqual([1, 1]);
    return { ami: tagRecord(images[0]!.Tags), snapshot: tagRecord(snapshots[0]!.Tags) };
  })
  .extend(
    'operations',
    ({ account }) =>
      () =>
        account.aws.calls.list().map(({ operation }) => operation),
  )
  /** What a run leaves that may tag nothing. */
  .extend('leaveSnapshot', ({ account, runImport }) => async (flags = {}) => {
    const denied = account.aws.faults.add({
      match: { operation: 'CreateTags' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect((await runImport(flags)).result.error).toMatchObject({ code: 'TAGS_INCOMPLETE' });
    denied.remove();
    const { objects, snapshots } = await account.contents();
    expect([objects.length, snapshots.length]).toEqual([1, 1]);
    expect(tagRecord(snapshots[0]!.Tags)).toEqual({});
    return { key: objects[0]! };
  });

describe('the proof runs while EC2 imports', () => {
  test('the task is started before its end; tags, and the AMI, wait for it', async ({
    account,
    images,
    runImport,
    operations,
  }) => {
    const held = await holdProgram({ name: 'qemu-nbd', when: 'before' });
    using _ = usePath(held.path);
    const ended = runImport();
    await held.reached();
    const deadline = Date.now() + 20_000;
    const isComplete = async () => (await account.contents()).snapshots[0]?.State === 'completed';
    while (!(await isComplete()) && Date.now() < deadline) await new Promise((go) => setTimeout(go, 20));
    expect(await isComplete()).toBe(true);
    expect(operations()).toContain('ImportSnapshot');
    expect(operations()).not.toContain('RegisterImage');
    expect(tagRecord((await account.contents()).snapshots[0]!.Tags)).toEqual({});
    await held.release();
    const end = await ended;
    await expectOneOfEach({ account }, images, end);
    const { proof, steps } = end.result;
    expect(proof).toMatchObject({ extent: 'full', madeAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    // When the task has ended is what EC2 shows, which is late.
    expect(proof!.secondsBeforeImportEnd).toEqual(expect.any(Number));
    expect(steps.find(({ step }) => step === 'prove')).toMatchObject({ outcome: 'done' });
    expect(end.stderr).toMatch(/import: started[\s\S]*prove: started/);
  });

  test('what an AMI and its snapshot say is what made them', async ({ runImport, tags }) => {
    expect(await runImport()).toMatchObject({ exitCode: 0 });
    const proven = {
      'ec2-image:proof': 'full',
      'ec2-image:converter': expect.stringMatching(/^ec2-image\//),
    };
    expect(await tags()).toMatchObject({ ami: proven, snapshot: proven });
  });

  test.for(['sample', 'none'] as const)('%s: tags and report say so', async (proof, { runImport, tags }) => {
    const end = await runImport({ proof });
    expect(end.exitCode, end.stderr).toBe(0);
    expect(end.result.proof).toMatchObject({ extent: proof });
    expect(await tags()).toMatchObject({
      ami: { 'ec2-image:proof': proof },
      snapshot: { 'ec2-image:proof': proof },
    });
    if (proof === 'sample') expect(end.stderr).toMatch(/a sample of s3:\/\/.*: 1 MiB of each 16, seed \d+/);
    // A later run that asks for more proves it, by reading the snapshot: its object is gone.
    const more = await runImport({ proof: 'full' });
    expect(more.result, more.stderr).toMatchObject({ outcome: 'reused', proof: { extent: 'full' } });
    expect(await tags()).toMatchObject({
      ami: { 'ec2-image:proof': 'full' },
      snapshot: { 'ec2-image:proof': 'full' },
    });
  });
});

test('a proof that cannot be made leaves the import to the same command', async ({
  account,
  images,
  runImport,
}) => {
  {
    using _ = usePath(`${await brokenQemuNbd()}:${process.env.PATH}`);
    const { exitCode, result } = await runImport();
    expect([exitCode, result.error?.code]).toEqual([1, 'QEMU_NBD_FAILED']);
  }
  const { images: amis, snapshots } = await account.contents();
  expect(amis).toEqual([]);
  for (const { Tags } of snapshots) expect(tagRecord(Tags)).toEqual({});
  await expectOneOfEach({ account }, images, await runImport());
  expect((await account.contents()).tasks).toHaveLength(1);
});

async function brokenQemuNbd(): Promise<string> {
  const bin = await temporaryDirectory('broken-qemu');
  await writeFile(join(bin, 'qemu-nbd'), '#!/bin/sh\necho broken >&2\nexit 1\n', { mode: 0o755 });
  return bin;
}

test.for([
  ['none', 'none'],
  ['sample', 'sample'],
  ['full', 'full'],
])('by EBS direct, with --proof %s: the tags say %s', async ([proof, said], { runImport, tags }) => {
  const end = await runImport({ via: 'ebs', bucket: undefined, 'omit-holes': true, proof });
  expect(end.result, end.stderr).toMatchObject({ outcome: 'imported', proof: { extent: said } });
  const { ami, snapshot } = await tags();
  const proven = { 'ec2-image:proof': said, 'ec2-image:converter': expect.stringMatching(/^ec2-image\//) };
  expect({ ami, snapshot }).toMatchObject({ ami: proven, snapshot: proven });
});

describe('a disk that QEMU reads otherwise', () => {
  test('once: what EC2 made is deleted, and qemu-img converts', async ({
    account,
    images,
    runImport,
    tags,
  }) => {
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(new RegExp(`${says.source}: converting again with qemu-img`));
    expect((await account.contents()).tasks).toHaveLength(2);
    expect((await tags()).snapshot).toMatchObject({ 'ec2-image:converter': 'qemu-img' });
  });

  test('a task that still runs is cancelled first', async ({ account, images, runImport, operations }) => {
    account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: { kind: 'task-stalls' } });
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(/Cancelling import task import-snap-\w+\./);
    const made = operations().filter((name) => /^(ImportSnapshot|CancelImportTask|DeleteObject)$/.test(name));
    // A call whose answer was lost is repeated.
    expect(made.filter((name, index) => name !== made[index - 1])).toEqual([
      'ImportSnapshot',
      'CancelImportTask',
      'DeleteObject',
      'ImportSnapshot',
      'DeleteObject',
    ]);
  });

  test('in all of a sample', async ({ account, images, runImport }) => {
    await using _ = await misreadingQemuNbd(images, { times: 1, isWhole: true });
    const end = await runImport({ proof: 'sample' });
    expect(end.exitCode, end.stderr).toBe(0);
    expect(end.stderr).toMatch(/the converted disk differs from its source.*converting again with qemu-img/);
    expect(await areEqualDisks(images.disk, account.snapshotPath(end.result.snapshotId!))).toBe(true);
  });
});

describe('what an earlier run has imported and not proven', () => {
  test('is proven by its object before it is tagged', async ({
    account,
    images,
    runImport,
    leaveSnapshot,
  }) => {
    await leaveSnapshot();
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect((await account.contents()).tasks).toHaveLength(1);
    expect(account.calls('GetSnapshotBlock')).toHaveLength(0);
    expect(end.result.steps.find(({ step }) => step === 'prove')).toMatchObject({ outcome: 'done' });
  });

  test('is deleted where it fails, and imported again', async ({
    account,
    images,
    runImport,
    leaveSnapshot,
  }) => {
    await leaveSnapshot();
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(says);
    expect((await account.contents()).tasks).toHaveLength(2);
  });

  test('is proven by reading the snapshot, where the object is gone', async ({
    account,
    images,
    runImport,
    leaveSnapshot,
  }) => {
    const { key } = await leaveSnapshot();
    await account.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect((await account.contents()).tasks).toHaveLength(1);
    expect(account.calls('GetSnapshotBlock').length).toBeGreaterThan(0);
  });

  test('is imported again, where that cannot be read either', async ({
    account,
    images,
    runImport,
    leaveSnapshot,
  }) => {
    const { key } = await leaveSnapshot();
    await account.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    account.aws.faults.add({
      match: { operation: 'ListSnapshotBlocks' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const end = await runImport();
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(/has no proof of what is in it, and cannot be read: .*: importing again/);
    expect((await account.contents()).tasks).toHaveLength(2);
  });

  test('is passed over where it is tagged and cannot be read: the next run uses the proven one', async ({
    account,
    runImport,
  }) => {
    expect(await runImport({ proof: 'none', suffix: 'old' })).toMatchObject({ exitCode: 0 });
    account.aws.faults.add({
      match: { operation: 'ListSnapshotBlocks' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const proven = await runImport({ suffix: 'new' });
    expect(proven.result, proven.stderr).toMatchObject({ outcome: 'imported', proof: { extent: 'full' } });
    const again = await runImport({ suffix: 'newer' });
    expect(again.result.snapshotId, again.stderr).toBe(proven.result.snapshotId);
    expect((await account.contents()).tasks).toHaveLength(2);
    expect(account.calls('DeleteSnapshot')).toHaveLength(0);
    // An AMI cannot be made again: it is refused, and says what to do.
    const refused = await runImport({ suffix: 'old' });
    expect(refused.result.error).toMatchObject({
      code: 'SNAPSHOT_UNPROVEN',
      hint: expect.stringContaining('ebs:GetSnapshotBlock'),
    });
  });

  test('of a disk that qemu-img has converted: by its file', async ({
    account,
    images,
    workDirectory,
    runImport,
    leaveSnapshot,
  }) => {
    await leaveSnapshot({ converter: 'qemu-img' });
    const names = await readdir(join(workDirectory, 'images'), { recursive: true });
    expect(names.filter((name) => name.endsWith('.vhdx'))).toHaveLength(1);
    await expectOneOfEach({ account }, images, await runImport());
    expect((await account.contents()).tasks).toHaveLength(1);
    expect(account.calls('GetSnapshotBlock')).toHaveLength(0);
  });
});
