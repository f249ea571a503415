import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Finished } from '../src/config/pin-config.ts';
import type { BootFinding, ImageResult } from '../src/outcome.ts';
import { renderImportReport } from '../src/render/import-report.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { type Flags, flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { startCli } from './support/run-cli.ts';
import { openVirtualTerminal } from './support/virtual-terminal.ts';

const slowEc2 = { importTaskMs: 3_000, snapshotCompletionMs: 20, imageCreationMs: 20 };
/** What makes a process take its stderr for a terminal. */
const onTerminal = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('support/as-terminal.mjs', import.meta.url))}`,
};

const test = testWith()
  .extend(
    'args',
    ({ argsOf }) =>
      (flags: Flags = {}) =>
        argsOf({ json: false, ...flags }),
  )
  .extend(
    'deny',
    ({ account }) =>
      (operation: string) =>
        account.aws.faults.add({
          match: { operation },
          times: 'always',
          action: { kind: 'error', preset: 'access-denied' },
        }),
  );
const testSlow = test.extend('accountOptions', { ec2: slowEc2 });

test('--quiet prints the AMI and nothing else, and on a failure nothing but the error', async ({
  args,
  deny,
}) => {
  const run = await runInProcess(args({ quiet: true }));
  expect(run).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringMatching(/^ami-[0-9a-f]{17}\n$/),
  });
  deny('GetCallerIdentity');
  deny('RegisterImage');
  const failed = await runInProcess(args({ quiet: true, name: 'another', 'allow-unknown-account': true }));
  expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
  expect(failed.stderr).toContain('another: error ACCESS_DENIED');
});

describe('--events', () => {
  const eventsOf = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; time: string } & Record<string, unknown>);

  test('prints the run log as NDJSON, the result as its last line', async ({ workDirectory, args }) => {
    const logFile = join(workDirectory, 'log');
    const run = await runInProcess(args({ events: true, 'log-file': logFile }));
    expect(run.exitCode, run.stderr).toBe(0);
    const events = eventsOf(run.stdout);
    expect(run.stdout).toBe(await readFile(logFile, 'utf8'));
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['start', 'call', 'stage', 'step', 'notice', 'end', 'result']),
    );
    expect(events.at(-1)).toMatchObject({
      kind: 'result',
      result: { version: 1, images: [{ outcome: 'imported' }] },
    });
  });

  test.each([
    ['import', ['import', '--url', 'x']],
    ['an unknown option', ['import', '--nonsense']],
    ['janitor', ['janitor', '--max-deletes', 'x']],
  ])('prints a run that cannot start as an event: %s', async (_, command) => {
    const run = await runInProcess([...command, '--events']);
    expect(run.exitCode).toBe(2);
    expect(eventsOf(run.stdout).at(-1)).toMatchObject({ kind: 'error', code: expect.any(String) });
  });

  test('and --json are mutually exclusive', async ({ args }) => {
    const run = await runInProcess(args({ events: true, json: true }));
    expect(run).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--json and --events are mutually exclusive'),
    });
  });

  test.for<[string, string[]]>([
    ['janitor', ['janitor', '--bucket', 'disk-images']],
    ['tag-fix', ['tag-fix']],
    ['doctor', ['doctor']],
  ])('of %s are nothing but JSON, too', async ([command, argv], { account, workDirectory }) => {
    const run = await runInProcess([
      ...argv,
      ...flagsOf({ events: true, 'endpoint-url': account.aws.url, 'work-dir': workDirectory }),
    ]);
    expect(eventsOf(run.stdout).at(-1)).toMatchObject({ kind: 'result', result: { [command]: {} } });
  });
});

test('--json names the steps, the checksum among them', async ({ args }) => {
  const run = await runInProcess(args({ json: true }));
  const [image] = run.json<{ images: ImageResult[] }>().images;
  expect(image!.steps.map(({ step }) => step)).toEqual([
    'download',
    'checksum',
    'convert',
    'upload',
    'import',
    'prove',
    'register',
    'tag',
    'boot-test',
    'copy',
    'share',
    'deprecate',
    'announce',
  ]);
  expect(image!.image).toMatchObject({ State: 'available' });
});

describe('the report', () => {
  const finished = (result: Partial<ImageResult>, seconds = 12): Finished & { seconds: number } => ({
    request: {
      name: 'fedora',
      urls: ['https://example.org/f.qcow2'],
      tags: {},
      architecture: 'x86_64',
      bucket: 'b',
      keyPrefix: 'ec2-image/',
      format: 'vhdx',
      via: 's3',
      session: {},
      given: { flags: {}, isOfFile: false },
    } as unknown as Finished['request'],
    result: {
      name: 'fedora',
      amiName: 'fedora-i1',
      outcome: 'imported',
      imageId: 'ami-1',
      snapshotId: 'snap-1',
      region: 'eu-west-1',
      architecture: 'x86_64',
      tags: {},
      source: { url: 'https://example.org/f.qcow2', digest: `sha256:${'a'.repeat(64)}` },
      image: { ImageId: 'ami-1' },
      proof: { extent: 'full' },
      chain: [],
      regions: [],
      steps: [
        { step: 'convert', outcome: 'done', seconds: 10 },
        { step: 'upload', outcome: 'done', seconds: 11 },
      ],
      ...result,
    },
    seconds,
  });

  test('shows the time by the clock, not the sum of steps that overlap, and how to go on', () => {
    const report = renderImportReport([finished({})]);
    expect(report).toMatch(/^imported +ami-1 +fedora-i1 +eu-west-1 +x86_64 +12s$/m);
    expect(report).toContain(
      'Launch it: aws ec2 run-instances --region eu-west-1 --image-id ami-1 --instance-type t3.small',
    );
    expect(report).toContain('# To pin this result, write into ec2-image.yaml:\nregion: eu-west-1');
    expect(report).not.toContain('ImageId');
  });

  test("has commands for the image's own account, and none to launch in the emulator's", () => {
    const untagged = finished({
      outcome: 'partial',
      steps: [{ step: 'tag', outcome: 'failed', seconds: 1 }],
    });
    const [used, partial] = [finished({}), untagged].map((one) => ({
      ...one,
      request: { ...one.request, session: { profile: 'test' } },
    }));
    const account = { connection: { profile: 'prod' }, local: false, workDirectory: '/work' };
    const report = renderImportReport([used!, partial!], { account });
    expect(report).toContain('--image-id ami-1 --instance-type t3.small --profile test\n');
    expect(report).toContain('ec2-image tag-fix ami-1 --region eu-west-1 --profile test adds the missing');
    expect(renderImportReport([used!], { account: { ...account, local: true } })).not.toContain('Launch');
  });

  test.each([100, 80, 70, 40])('has no row that %i columns would wrap', (width) => {
    const names = ['a', 'fedora-aws-arm64-of-the-team-i20261122', 'x'.repeat(100)];
    const report = renderImportReport(
      names.map((amiName) =>
        finished({ amiName, imageId: 'ami-0123456789abcdef0', region: 'ap-southeast-1' }, 5_025),
      ),
      { width },
    );
    const table = report.split('\n\n')[0]!;
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(width);
    const cells = table.replaceAll(/\s+/g, ' ');
    expect(cells).toContain(
      'OUTCOME AMI NAME REGION ARCH TIME imported ami-0123456789abcdef0 a ap-southeast-1 x86_64 ',
    );
    expect(table.replaceAll(/\s+/g, '')).toContain(names.at(-1)!);
  });

  test.each<[found: BootFinding, image: ImageResult['image'], line: string]>([
    ['uefi-preferred', { BootMode: 'uefi-preferred' }, 'uefi-preferred (it has both)'],
    ['uefi-preferred', { BootMode: 'uefi' }, 'uefi-preferred (it has both); of the AMI: uefi'],
    ['uefi', {}, 'uefi (it has both); of the AMI: left to EC2'],
    ['uefi', null, 'uefi (it has both)'],
  ])(
    'tells of the boot mode that was found, and of an AMI that has another: %s, %o',
    (found, image, line) => {
      const report = renderImportReport([finished({ image, bootMode: { found, reason: 'it has both' } })]);
      expect(report.split('\n')).toContain(`fedora: boot mode ${line}`);
    },
  );

  test.each<[ImageResult['proof'], string | undefined]>([
    [
      { extent: 'full', madeAt: '2026-11-27T00:00:00.000Z', secondsBeforeImportEnd: 61 },
      'fedora: proven (full) at 2026-11-27T00:00:00.000Z, 1m 1s before the import task ended',
    ],
    [
      { extent: 'sample', madeAt: '2026-11-27T00:00:00.000Z', secondsBeforeImportEnd: -2 },
      'fedora: proven (sample) at 2026-11-27T00:00:00.000Z, 2s after the import task ended',
    ],
    [{ extent: 'none' }, 'fedora: not proven'],
    // By an earlier run.
    [{ extent: 'full' }, undefined],
  ])('tells of the proof %o', (proof, line) => {
    const report = renderImportReport([finished({ proof })]);
    if (line === undefined) expect(report).not.toMatch(/proven/);
    else expect(report.split('\n')).toContain(line);
  });

  test('names the file where the YAML was written, in place of the YAML', () => {
    const report = renderImportReport([finished({})], { configWrittenTo: 'ec2-image.yaml' });
    expect(report).toContain('The configuration that pins this result: ec2-image.yaml');
    expect(report).not.toContain('images:');
  });

  test('of several AMIs says how to launch each of the first three', () => {
    const report = renderImportReport(
      ['a', 'b', 'c', 'd'].map((name) => finished({ name, imageId: `ami-${name}` })),
    );
    expect(report).toContain('Launch a: aws ec2 run-instances --region eu-west-1 --image-id ami-a ');
    expect(report).toContain('Launch c: ');
    expect(report).not.toContain('Launch d: ');
  });

  test('of several images says what each of the others needs', () => {
    const report = renderImportReport([
      finished({}),
      finished({ name: 'a', outcome: 'failed', imageId: null, amiName: null }),
      finished({ name: 'b', outcome: 'interrupted', imageId: null }),
      finished({
        name: 'c',
        outcome: 'partial',
        imageId: 'ami-2',
        steps: [{ step: 'tag', outcome: 'failed', seconds: 1 }],
      }),
      finished({ name: 'd', outcome: 'partial', imageId: 'ami-3' }),
    ]);
    expect(report).toMatch(/^failed +- +a /m);
    expect(report).toContain(`Next:
  a: fix the error above, then run the same command again.
  b: run the same command again to resume.
  d: fix the error above, then run the same command again.
  ec2-image tag-fix ami-2 --region eu-west-1 adds the missing tags.
  Launch it: `);
  });
});

test('the report keeps within the terminal, and names the file that was read', async ({
  args,
  workDirectory,
}) => {
  const path = join(workDirectory, 'other.yaml');
  await writeFile(path, 'key-prefix: disks/\n');
  const flags = { config: path, 'keep-files': true };
  const run = await runInProcess(args(flags), { columns: 40 });
  expect(run.exitCode, run.stderr).toBe(0);
  const [table] = run.stdout.split('\n\n');
  expect(table).toMatch(/^OUTCOME +AMI$/m);
  expect(Math.max(...table!.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(40);
  expect(run.stdout).toContain(`# To pin this result, write into ${path}:\n`);

  const again = await runInProcess(args({ ...flags, fresh: true, verify: true, suffix: '2' }));
  expect(again.exitCode, again.stderr).toBe(0);
  // The image is read twice: for its disk, and to compare the snapshot.
  expect(again.stderr.match(/: download: .*/g)).toEqual([': download: started', ': download: reused']);
  expect(again.stderr.match(/: checksum: /g)).toHaveLength(1);
});

test('the command that a failure names deletes what it left, at once', async ({ account, args, deny }) => {
  deny('RegisterImage');
  const flags = args({ 'key-prefix': 'disks of mine/', 'keep-object': true });
  const failed = await runInProcess(flags);
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toMatch(/Still in the account: s3:\/\/.*, snapshot snap-/);
  const [, command] = /To delete it instead: ec2-image (.*)/.exec(failed.stderr)!;
  const argv = command!.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ''));
  expect(argv).toEqual(expect.arrayContaining(['--older-than', '0s', '--apply', 'disks of mine/']));
  const without = argv.filter((word) => word !== '--older-than' && word !== '0s');
  expect(await runInProcess([...without, '--yes'])).toMatchObject({ exitCode: 0 });
  expect((await account.contents()).snapshots).toHaveLength(1);
  const run = await runInProcess([...argv, '--yes']);
  expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  expect(await account.contents()).toMatchObject({ snapshots: [], objects: [] });
});

describe('on a terminal', () => {
  testSlow('the message of an interrupt stays, and no row is there twice', async ({ account, args }) => {
    const run = startCli(args(), { env: onTerminal });
    while (account.calls('DescribeImportSnapshotTasks').length === 0) await delay(20);
    run.child.kill('SIGINT');
    const { exitCode, stderr } = await run.ended;
    expect(exitCode, stderr).toBe(130);
    const terminal = openVirtualTerminal({ columns: 100, rows: 30 });
    terminal.stream.write(stderr);
    const lines = await terminal.lines();
    const message = 'Interrupted: stopping cleanly. Press Ctrl-C again to quit immediately.';
    expect(lines.filter((line) => line === message)).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('test-cloud  '))).toEqual([
      expect.stringMatching(/^test-cloud +interrupted +[\d.]+s$/),
    ]);
    expect(lines.indexOf(message)).toBeLessThan(lines.findIndex((line) => line.startsWith('test-cloud  ')));
  });

  test('verify shows how far it is', async ({ account, images, workDirectory, args }) => {
    const made = await runInProcess(args({ quiet: true }));
    const ami = made.stdout.trim();
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      action: { kind: 'hang' },
    });
    const run = startCli(
      [
        'verify',
        ami,
        ...flagsOf({ file: images.disk, 'endpoint-url': account.aws.url, 'work-dir': workDirectory }),
      ],
      { env: onTerminal },
    );
    let shown = '';
    run.child.stderr!.on('data', (text: string) => {
      shown += text;
    });
    while (!/verify snapshot.*\d+%/.test(shown)) await delay(20);
    account.aws.faults.clear();
    const end = await run.ended;
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toMatch(/^snap-[0-9a-f]+ matches the disk \(\d+ blocks compared\)\n$/);
  });
});

describe('what --local leaves', () => {
  test('is told with its size and how to remove it', async ({ workDirectory, args }) => {
    const run = await runInProcess(args({ local: true, 'endpoint-url': undefined, region: 'us-east-1' }));
    expect(run.exitCode, run.stderr).toBe(0);
    const told = /^The emulator's account occupies ([\d.]+) MiB in (\S+)\. To remove: rm -r (\S+)$/m.exec(
      run.stderr,
    );
    expect(told, run.stderr).not.toBeNull();
    expect(Number(told![1])).toBeGreaterThan(1);
    expect([told![2], told![3]]).toEqual(Array(2).fill(join(workDirectory, 'local-aws')));
  });
});
