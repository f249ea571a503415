import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const hex = 'a'.repeat(64);
const sum = `--sha256=${hex}`;
const missing = '/nowhere/disk.qcow2';
const snapshot = 'snap-0123456789abcdef0';
const rest = ['--arch', 'x86_64', '--bucket', 'abc'];
const noConfig = ['--config', '/nowhere.yaml'];
const noProfile = ['--profile', 'nope'];
/** Nobody listens there. */
const nowhere = ['--endpoint-url', 'http://127.0.0.1:9', '--max-attempts', '1', '--outage-timeout', '1'];
const noRegion = { AWS_REGION: '' };

test.each([
  [['import', '--name', 'a', ...noProfile], 'missing required options: --url'],
  [['janitor', '--from-plan', '/nowhere.json', ...noProfile], 'PLAN_NOT_FOUND'],
  [['verify', snapshot, '--file', '/nowhere/disk', ...noProfile], 'FILE_UNREADABLE'],
  [['janitor', '--all-regions', '--region', 'us-east-1', ...noConfig], '--region and --all-regions are'],
  [['tag-fix', '--all-regions', '--region', 'us-east-1', ...noConfig], '--region and --all-regions are'],
  [['import', '--json', '--events', ...noConfig], '--json and --events are mutually exclusive'],
])('the command line and its files come before a profile and the configuration: %j', async (args, says) => {
  const run = await runInProcess(args);
  expect(run.stderr).toContain(says);
  expect(run.exitCode).toBe(2);
});

describe('a local file that is missing', () => {
  test.each([
    ['import', ['--name', 'a', ...rest]],
    ['verify', [snapshot]],
  ])('comes before region, profile and credentials: %s', async (command, args) => {
    const image = `error LOCAL_FILE_UNREADABLE: cannot read ${missing}: no such file`;
    const noKeys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    for (const [more, env] of [
      [nowhere, noRegion],
      [noProfile, {}],
      [nowhere, noKeys],
    ] as const) {
      const run = await runInProcess([command, ...args, '--url', missing, sum, ...more], { env });
      expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(image) });
    }
    const sums = ['--url', 'https://example.org/x.raw', '--checksum-url', '/nowhere/SUMS'];
    const checksum = await runInProcess([command, ...args, ...sums, ...nowhere], { env: noRegion });
    expect(checksum.stderr).toContain('cannot read /nowhere/SUMS: no such file');
  });

  test('gives way to a mirror', async () => {
    const args = ['import', '--name', 'a', ...rest, sum, '--url', missing, '--url', 'https://example.org/x'];
    expect((await runInProcess([...args, ...nowhere], { env: noRegion })).stderr).toMatch(
      /^error \w+: .*region is/i,
    );
  });

  test('is nothing to the other images, nor where the AMI exists', async () => {
    await using account = await openAccount();
    const directory = await temporaryDirectory('images');
    const [one, two] = [join(directory, 'one.raw'), join(directory, 'two.raw')];
    const disk = Buffer.alloc(2 ** 20);
    await writeFile(one, disk);
    await writeFile(two, disk);
    const digest = createHash('sha256').update(disk).digest('hex');
    const config = join(directory, 'images.yaml');
    await writeFile(
      config,
      ['allow-unbootable: true', 'via: ebs', 'omit-holes: true', 'images:']
        .concat(
          ['one', 'two'].map((name) => `  ${name}: {url: ./${name}.raw, sha256: ${digest}, arch: x86_64}`),
        )
        .join('\n'),
    );
    const run = (...names: string[]) =>
      runInProcess(
        ['import', ...names, '--config', config, '--json', '--endpoint-url', account.aws.url].concat(
          ...['--poll-interval', '0.02', '--work-dir', join(directory, 'work')],
        ),
      );
    const first = await run('one');
    expect(first.exitCode, first.stderr).toBe(0);
    await rm(one);
    const again = await run();
    expect(again.json()).toMatchObject({ images: [{ outcome: 'reused' }, { outcome: 'imported' }] });
  });
});

test('an import by way of EBS needs no variable of a bucket', async () => {
  const config = join(await temporaryDirectory('variables'), 'ec2-image.yaml');
  const unset = ['bucket', 'bucket-owner', 'key-prefix', 'role-name', 'import-timeout'];
  await writeFile(
    config,
    `${unset.map((key) => `${key}: \${NOPE}\n`).join('')}images:\n  a: {url: "https://example.org/x.raw", sha256: ${hex}, arch: x86_64}\n`,
  );
  const run = (...args: string[]) => runInProcess(['import', '--config', config, ...args, ...nowhere]);
  expect((await run()).stderr).toContain('${NOPE} is not set, and bucket needs it');
  expect((await run('--via', 'ebs')).stderr).not.toContain('NOPE');
});
