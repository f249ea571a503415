import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { importArgs, makeWorkDirectory } from './support/import.ts';
import { ownEnvironment, runCli, startCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2', 'raw']);
});
afterAll(() => images[Symbol.asyncDispose]());

/** In the place of a program, a script that notes what it was given, and then runs `then`, which may call the real one. */
async function recording(name: string, then: string) {
  const bin = await temporaryDirectory('recording');
  const script = [
    '#!/bin/sh',
    `tr '\\0' '\\n' </proc/$$/environ >'${bin}/environment'`,
    `cat /proc/self/limits >'${bin}/limits'`,
    `echo $$ >'${bin}/pid'`,
    `PATH='${process.env.PATH}'`,
    then,
  ];
  await writeFile(join(bin, name), `${script.join('\n')}\n`);
  await chmod(join(bin, name), 0o755);
  const read = (what: string) => readFile(join(bin, what), 'utf8').catch(() => '');
  return { env: { PATH: `${bin}:${process.env.PATH}` }, read };
}

/** A killed child that its parent has not reaped yet counts as dead. */
async function isRunning(pid: number): Promise<boolean> {
  return /^State:\s+[^ZX\s]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
}

test.each([
  ['qemu-nbd', 'qcow2'],
  ['qemu-img', 'raw'],
] as const)('%s reads an image under limits, and sees no credentials', async (name, format) => {
  await using account = await openAccount();
  const program = await recording(name, `exec ${name} "$@"`);
  const args = importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url(format),
    'checksum-url': images.checksumUrl,
    via: 'ebs',
    bucket: undefined,
  });
  const end = await runCli(args, { env: { ...program.env, EC2_IMAGE_TEST_SECRET: 'hush' } });
  await expectOneOfEach({ account }, images, end);
  const environment = await program.read('environment');
  expect(environment).toMatch(/^PATH=/m);
  expect(environment).not.toMatch(/AWS_|hush/);
  expect(environment).not.toContain(ownEnvironment.AWS_SECRET_ACCESS_KEY);
  const limits = await program.read('limits');
  expect(limits).toMatch(/^Max core file size +0 /m);
  expect(limits).toMatch(/^Max address space +4294967296 /m);
  expect(Number(/^Max file size +(\d+) /m.exec(limits)?.[1])).toBeLessThanOrEqual(2 ** 20);
});

test('qemu-nbd ends with the command, however that is ended', async () => {
  await using account = await openAccount();
  const program = await recording('qemu-nbd', 'qemu-nbd "$@"\nsleep 300');
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    times: 'always',
    action: { kind: 'hang' },
  });
  const args = importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    via: 'ebs',
    bucket: undefined,
  });
  const { child, ended } = startCli(args, { env: program.env });
  const puts = () => account.aws.calls.list().some(({ operation }) => operation === 'PutSnapshotBlock');
  while (!puts())
    await Promise.race([delay(20), ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  const pid = Number(await program.read('pid'));
  expect(await isRunning(pid)).toBe(true);
  child.kill('SIGKILL');
  await ended;
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});
