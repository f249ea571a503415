import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CrashScene, expectOneOfEach, openScene } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { holdProgram } from './support/hold-program.ts';
import type { ImportDocument } from './support/import.ts';
import { killRun, liftFaults } from './support/kill-run.ts';
import { startCli } from './support/run-cli.ts';

const test = testWith()
  .extend('conditions', (): 'adverse' | 'calm' => 'adverse')
  .extend('scene', async ({ images, conditions }, { onCleanup }) => {
    const scene = await openScene(images, 's3', { conditions });
    onCleanup(() => scene[Symbol.asyncDispose]());
    return scene;
  })
  /** The same command again, with what it asked of whom. */
  .extend('again', ({ images, scene }) => async () => {
    await liftFaults(scene.account);
    const served = images.server.requests.length;
    const called = scene.account.aws.calls.list().at(-1)?.sequence ?? 0;
    const end = await scene.run();
    await expectOneOfEach(scene, images, end);
    return {
      result: end.json<ImportDocument>().images[0]!,
      served: images.server.requests.slice(served),
      calls: scene.account.aws.calls.list({ after: called }).map(({ operation }) => operation),
    };
  });

async function killWhen(
  scene: CrashScene,
  reached: Promise<unknown>,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const run = startCli(scene.args, { env });
  const first = await Promise.race([reached.then(() => 'reached'), run.ended.then(({ stderr }) => stderr)]);
  expect(first).toBe('reached');
  await killRun(run, scene.account);
}

const countOf = (scene: CrashScene, wanted: string) =>
  scene.account.aws.calls
    .list()
    .filter(
      ({ operation, outcome, status }) => operation === wanted && outcome === 'answered' && status === 200,
    ).length;

test('killed in mid-download: the bytes that were there are not fetched again', async ({
  images,
  scene,
  again,
}) => {
  const { size } = await stat(join(images.directory, 'Test-Cloud-1.0.x86_64.qcow2'));
  await killWhen(
    scene,
    scene.proxy.holdAfterBytes(Math.floor(size * 0.6)).then(() => delay(300)),
  );
  scene.proxy.holdAfterBytes(Number.POSITIVE_INFINITY);
  const { served } = await again();
  const image = served.filter(({ url }) => url.endsWith('.qcow2'));
  expect(image[0]!.headers.range).toMatch(/^bytes=\d{6,}-/);
  expect(image.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBeLessThan(size * 0.5);
});

test('killed in mid-conversion: nothing stands under the final name, and nothing is downloaded again', async ({
  scene,
  again,
}) => {
  const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
  await killWhen(scene, converting.reached(), { PATH: converting.path, EC2_IMAGE_CONVERTER: 'qemu-img' });
  await converting.kill();
  const workDirectory = scene.args[scene.args.indexOf('--work-dir') + 1]!;
  const files = await readdir(join(workDirectory, 'images'), { recursive: true });
  expect(files.filter((name) => name.endsWith('.vhdx'))).toEqual([]);
  const { served } = await again();
  expect(served.map(({ url }) => url)).toEqual(['/CHECKSUM']);
});

test('killed in mid-upload: the part that arrived is not sent again', async ({ scene, again }) => {
  const { struck } = scene.account.aws.faults.add({
    match: { operation: 'UploadPart', parameters: { partNumber: '2' } },
    times: 'always',
    action: { kind: 'hang' },
  });
  const firstPart = async () => {
    while (countOf(scene, 'UploadPart') === 0) await delay(20);
  };
  await killWhen(scene, struck.then(firstPart));
  const { calls } = await again();
  expect(calls.filter((operation) => operation === 'CreateMultipartUpload')).toEqual([]);
  const parts = scene.account.aws.calls
    .list()
    .filter(({ operation, status }) => operation === 'UploadPart' && status === 200);
  const sent = (partNumber: string) =>
    parts.filter(({ parameters }) => parameters.partNumber === partNumber).length;
  // The first part holds the head of the disk, which each conversion writes again.
  expect({ second: sent('2') }).toEqual({ second: 1 });
});

test('killed while waiting for the import: no second import', async ({ scene, again }) => {
  // The lookups before the import describe tasks too: the look that is held comes after it.
  const held = new Promise<void>((resolve) => {
    const { aws } = scene.account;
    const stop = aws.calls.subscribe(({ operation, status }) => {
      if (operation !== 'ImportSnapshot' || status !== 200) return;
      stop();
      const fault = aws.faults.add({
        match: { operation: 'DescribeImportSnapshotTasks' },
        times: 'always',
        action: { kind: 'hang' },
      });
      fault.struck.then(() => resolve());
    });
  });
  await killWhen(scene, held);
  const { served, calls } = await again();
  expect(served.map(({ url }) => url)).toEqual(['/CHECKSUM']);
  expect(calls).not.toContain('CreateMultipartUpload');
  // An answer that is lost makes for a second call, by a token that starts no second task.
  expect((await scene.account.contents()).tasks).toHaveLength(1);
});

/** Calm: a look that lags misses the AMI, and then it is the name that turns out to be taken by the very one. */
test.extend('conditions', 'calm')(
  'killed just after RegisterImage: its AMI is found',
  async ({ scene, again }) => {
    const { struck } = scene.account.aws.faults.add({
      match: { operation: 'RegisterImage' },
      action: { kind: 'hang', when: 'after' },
    });
    await killWhen(
      scene,
      struck.then(() => delay(200)),
    );
    const { result, calls } = await again();
    expect(result.outcome).toBe('reused');
    expect(calls).not.toContain('RegisterImage');
    expect(calls).not.toContain('ImportSnapshot');
  },
);
