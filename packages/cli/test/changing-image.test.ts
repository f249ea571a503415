import { copyFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FaultRule } from '@ec2-image/local-aws';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAccount, type TestAccount } from './support/account.ts';
import { alterFile } from './support/alter-file.ts';
import { holdProgram } from './support/hold-program.ts';
import {
  areEqualDisks,
  flagsOf,
  type ImportDocument,
  importArgs,
  makeWorkDirectory,
} from './support/import.ts';
import { type LocalFormat, type LocalImages, makeLocalImages } from './support/local-images.ts';
import { runCli, startCli } from './support/run-cli.ts';

type Flags = Readonly<Record<string, unknown>>;

let local: LocalImages;
let account: TestAccount;
let workDirectory: string;
/** This test's own copy of an image. */
let image: string;

beforeAll(async () => {
  // More blocks of data than are ever under way at once, and more parts.
  local = await makeLocalImages({ sizeBytes: 64 * 2 ** 20, dataBytes: 48 * 2 ** 20 });
});
beforeEach(async () => {
  account = await openAccount();
  workDirectory = await makeWorkDirectory();
});
afterEach(async () => {
  await account[Symbol.asyncDispose]();
  await rm(workDirectory, { recursive: true, force: true });
});

async function argsOf(format: LocalFormat, flags: Flags): Promise<string[]> {
  const { path, sha256 } = local.images[format];
  image = join(workDirectory, basename(path));
  await copyFile(path, image);
  return importArgs({ account, workDirectory, url: image, sha256, ...flags });
}

const byEbs = { via: 'ebs', bucket: undefined };
/** Behind what any reader has read ahead of its first request. */
const late = { behind: 0.95 };
const alter = (options?: { readonly behind: number }) => alterFile(image, options);

/** Holds these calls until the rule is removed. */
const hold = (operation: string, rule: Omit<FaultRule, 'action'> = {}) =>
  account.aws.faults.add({ match: { operation }, times: 'always', ...rule, action: { kind: 'hang' } });

/** The run failed by this, and published nothing; the same command makes the right AMI of the right image. */
async function expectRefused(
  { exitCode, stderr, json }: Awaited<ReturnType<typeof runCli>>,
  args: readonly string[],
  code = 'IMAGE_CHANGED',
): Promise<void> {
  const { error } = json<ImportDocument>().images[0]!;
  expect([exitCode, error?.code], stderr).toEqual([1, code]);
  expect(error!.message).toContain(image);
  const { images, snapshots, objects } = await account.contents();
  expect({ images, snapshots, objects }).toEqual({ images: [], snapshots: [], objects: [] });

  await copyFile(local.images[basename(image).replace('Test.', '') as LocalFormat].path, image);
  const again = await runCli(args);
  expect(again.exitCode, again.stderr).toBe(0);
  const { snapshotId } = again.json<ImportDocument>().images[0]!;
  expect(await areEqualDisks(local.disk, account.snapshotPath(snapshotId!))).toBe(true);
}

describe('a local image that others write to, by way of S3', () => {
  test.each<[LocalFormat, string]>([
    ['raw', 'raw'],
    ['qcow2.gz', 'vhdx'],
  ])('a %s as %s: before it is hashed', async (format, asFormat) => {
    const args = await argsOf(format, { format: asFormat });
    await alter();
    await expectRefused(await runCli(args), args, 'DIGEST_MISMATCH');
  });

  test.each<[LocalFormat, string]>([
    ['qcow2', 'vhdx'],
    ['raw', 'vhdx'],
  ])('a %s as %s: between hash and conversion', async (format, asFormat) => {
    const args = await argsOf(format, { format: asFormat });
    const held = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
    const { ended } = startCli(args, { env: { PATH: held.path } });
    await held.reached();
    await alter();
    await held.release();
    await expectRefused(await ended, args);
  });

  test('a raw: only while it is converted and compared', async () => {
    const args = await argsOf('raw', { format: 'vhdx' });
    const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
    const { path } = converting;
    const compared = await holdProgram({ name: 'qemu-img', command: 'compare', when: 'after', path });
    const { ended } = startCli(args, { env: { PATH: compared.path } });
    await converting.reached();
    await alter();
    await converting.release();
    await compared.reached();
    await alter();
    await compared.release();
    await expectRefused(await ended, args);
  });

  test('a raw: another file takes its name while it is converted and compared', async () => {
    const args = await argsOf('raw', { format: 'vhdx' });
    const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
    const { ended } = startCli(args, { env: { PATH: converting.path } });
    await converting.reached();
    await copyFile(image, `${image}.other`);
    await alterFile(`${image}.other`);
    await rename(`${image}.other`, image);
    await converting.release();
    await expectRefused(await ended, args);
  });

  test('a raw as raw: while it is sent', async () => {
    const args = await argsOf('raw', { format: 'raw', url: undefined });
    const sending = hold('UploadPart');
    const { ended } = startCli([...args, '--url', pathToFileURL(image).href]);
    await sending.struck;
    await alter(late);
    sending.remove();
    await expectRefused(await ended, [...args, '--url', image]);
  });

  test('after it was read: the AMI has the right disk', async () => {
    const args = await argsOf('raw', { format: 'raw' });
    const importing = hold('ImportSnapshot', { times: 1 });
    const { ended } = startCli(args);
    await importing.struck;
    await alter();
    importing.remove();
    const { exitCode, stderr, json } = await ended;
    expect(exitCode, stderr).toBe(0);
    const { snapshotId } = json<ImportDocument>().images[0]!;
    expect(await areEqualDisks(local.disk, account.snapshotPath(snapshotId!))).toBe(true);
  });
});

describe('the same by EBS direct', () => {
  test.each<LocalFormat>(['raw', 'raw.xz'])('a %s: before it is read', async (format) => {
    const args = await argsOf(format, byEbs);
    await alter();
    await expectRefused(await runCli(args), args, 'DIGEST_MISMATCH');
  });

  test.each<[LocalFormat, Flags]>([
    ['raw', {}],
    ['raw', { verify: true }],
    ['raw.xz', {}],
    ['qcow2', { verify: true }],
  ])('a %s %o: while it is sent', async (format, flags) => {
    const args = await argsOf(format, { ...byEbs, ...flags });
    const sending = hold('PutSnapshotBlock');
    const { ended } = startCli(args);
    await sending.struck;
    await alter(late);
    sending.remove();
    await expectRefused(await ended, args);
  });

  test('a qcow2: between hash and the first block', async () => {
    const args = await argsOf('qcow2', byEbs);
    const held = await holdProgram({ name: 'qemu-nbd', when: 'before' });
    const { ended } = startCli(args, { env: { PATH: held.path } });
    await held.reached();
    await alter();
    await held.release();
    await expectRefused(await ended, args);
  });

  test('a qcow2: only while it is sent', async () => {
    const args = await argsOf('qcow2', byEbs);
    const first = hold('PutSnapshotBlock');
    const completing = hold('CompleteSnapshot');
    const { ended } = startCli(args);
    await first.struck;
    await alter(late);
    first.remove();
    const last = hold('PutSnapshotBlock', { nth: 80 });
    await last.struck;
    await alter(late);
    last.remove();
    await Promise.race([completing.struck, ended]);
    completing.remove();
    await expectRefused(await ended, args);
  });
});

test('verify: does not call the snapshot wrong when others write to the disk while it is read', async () => {
  const args = await argsOf('qcow2', byEbs);
  const made = await runCli(args);
  const { snapshotId } = made.json<ImportDocument>().images[0]!;
  const held = await holdProgram({ name: 'qemu-nbd', when: 'before' });
  const { ended } = startCli(
    [
      'verify',
      snapshotId!,
      ...flagsOf({ file: image, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, json: true }),
    ],
    { env: { PATH: held.path } },
  );
  await held.reached();
  await alter();
  await held.release();
  const { exitCode, json } = await ended;
  expect([exitCode, json()]).toMatchObject([1, { error: { code: 'IMAGE_CHANGED' } }]);
});
