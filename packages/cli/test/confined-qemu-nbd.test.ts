import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expectOneOfEach } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { ownEnvironment, runCli, startCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith({
  formats: ['qcow2', 'raw'],
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true },
});

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

test.for([
  ['qemu-nbd', 'qcow2'],
  ['qemu-img', 'raw'],
] as const)(
  '%s reads an image under limits, and sees no credentials',
  async ([name, format], { account, images, argsOf }) => {
    const program = await recording(name, `exec ${name} "$@"`);
    const args = argsOf({ url: images.url(format) });
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
  },
);

test('qemu-nbd ends with the command, however that is ended', async ({ account, argsOf }) => {
  const program = await recording('qemu-nbd', 'qemu-nbd "$@"\nsleep 300');
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    times: 'always',
    action: { kind: 'hang' },
  });
  const { child, ended } = startCli(argsOf(), { env: program.env });
  while (account.calls('PutSnapshotBlock').length === 0)
    await Promise.race([delay(20), ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  // One that has read how the image boots has ended; the one for the proof starts once the image is complete.
  let pid = 0;
  const runs = async () => {
    pid = Number(await program.read('pid'));
    return isRunning(pid);
  };
  await expect.poll(runs, { timeout: 20_000 }).toBe(true);
  child.kill('SIGKILL');
  await ended;
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});
