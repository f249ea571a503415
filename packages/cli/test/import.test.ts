import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tagRecord } from '@ec2-image/provenance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepNames } from '../src/outcome.ts';
import { bucket, openAccount, region, type TestAccount } from './support/account.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { areEqualDisks, type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runCli } from './support/run-cli.ts';

let images: TestImages;
let account: TestAccount;

beforeAll(async () => {
  images = await publishImages(['qcow2', 'raw.xz', 'raw.gz', 'raw.zst', 'raw', 'vmdk', 'vhd', 'vhdx'], {
    arm64: ['raw.xz'],
  });
});

afterAll(() => images[Symbol.asyncDispose]());

describe('several images of a configuration file', () => {
  let workDirectory: string;
  let config: string;
  let first: ImportDocument;

  beforeAll(async () => {
    account = await openAccount();
    workDirectory = await makeWorkDirectory();
    config = join(workDirectory, 'ec2-image.yaml');
    await writeFile(
      config,
      `region: ${region}
bucket: ${bucket}
suffix: \${IMG_SFX}
poll-interval: 0.05
images:
  fedora-aws:
    url: ${images.url('qcow2')}
    checksum-url: ${images.checksumUrl}
    arch: x86_64
    tag: { team: images }
  fedora-aws-arm64:
    url: ${images.url('raw.xz')}
    checksum-url: ${images.checksumUrl}
    arch: arm64
`,
    );
    const run = await runCli(
      [
        'import',
        '--config',
        config,
        '--endpoint-url',
        account.aws.url,
        '--work-dir',
        join(workDirectory, 'work'),
        '--json',
      ],
      { env: { IMG_SFX: '20261122' } },
    );
    expect(run).toMatchObject({ exitCode: 0 });
    first = run.json();
  });

  afterAll(() => account[Symbol.asyncDispose]());

  test('both end as tagged AMIs of snapshots that hold the disk, and nothing else is left', async () => {
    expect(
      first.images.map(({ name, amiName, outcome, architecture }) => ({
        name,
        amiName,
        outcome,
        architecture,
      })),
    ).toEqual([
      { name: 'fedora-aws', amiName: 'fedora-aws-i20261122', outcome: 'imported', architecture: 'x86_64' },
      {
        name: 'fedora-aws-arm64',
        amiName: 'fedora-aws-arm64-i20261122',
        outcome: 'imported',
        architecture: 'arm64',
      },
    ]);
    const contents = await account.contents();
    expect(contents).toMatchObject({ objects: [], uploads: [] });
    expect(contents.images).toHaveLength(2);
    expect(contents.snapshots).toHaveLength(2);
    for (const result of first.images) {
      expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);
      const image = contents.images.find(({ ImageId }) => ImageId === result.imageId)!;
      expect(image).toMatchObject({
        Name: result.amiName,
        State: 'available',
        VirtualizationType: 'hvm',
        EnaSupport: true,
        RootDeviceName: '/dev/sda1',
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/sda1',
            Ebs: { SnapshotId: result.snapshotId, VolumeType: 'gp3', VolumeSize: 1 },
          },
        ],
      });
      expect(tagRecord(image.Tags)).toMatchObject({
        Name: result.amiName,
        automation: 'false',
        'ec2-image:source-digest': result.source.digest,
        'ec2-image:source-url': result.source.url,
        'ec2-image:disk-format': 'vhdx',
      });
      const snapshot = contents.snapshots.find(({ SnapshotId }) => SnapshotId === result.snapshotId)!;
      expect(tagRecord(snapshot.Tags)).toMatchObject({
        Name: result.amiName,
        'ec2-image:source-digest': result.source.digest,
      });
    }
    expect(first.images[0]!.tags).toMatchObject({ team: 'images' });
    expect(await readdir(join(workDirectory, 'work', 'images'))).toEqual([]);
  });

  test('the document names every step', () => {
    for (const { steps, image, error } of first.images) {
      expect(steps.map(({ step }) => step)).toEqual(stepNames);
      expect(new Set(steps.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
      expect(image).toMatchObject({ State: 'available' });
      expect(error).toBeUndefined();
    }
  });

  test('the same again, from another machine, finds the AMIs and moves nothing', async () => {
    const before = images.server.requests.length;
    const run = await runCli(
      [
        'import',
        '--config',
        config,
        '--endpoint-url',
        account.aws.url,
        '--work-dir',
        await makeWorkDirectory(),
        '--json',
      ],
      { env: { IMG_SFX: '20261122' } },
    );
    const again = run.json<ImportDocument>();
    expect(run.exitCode).toBe(0);
    expect(again.images.map(({ outcome, imageId }) => ({ outcome, imageId }))).toEqual(
      first.images.map(({ imageId }) => ({ outcome: 'reused', imageId })),
    );
    expect(images.server.requests.slice(before).map(({ url }) => url)).toEqual(['/CHECKSUM', '/CHECKSUM']);
  });

  test('the printed configuration pins the result', async () => {
    const pinned = join(workDirectory, 'pinned.yaml');
    await writeFile(pinned, first.next);
    const run = await runCli(
      [
        'import',
        '--config',
        pinned,
        '--endpoint-url',
        account.aws.url,
        '--work-dir',
        await makeWorkDirectory(),
        '--json',
      ],
      { env: { IMG_SFX: '20261122' } },
    );
    const again = run.json<ImportDocument>();
    expect(again.images.map(({ outcome, imageId }) => [outcome, imageId])).toEqual(
      first.images.map(({ imageId }) => ['reused', imageId]),
    );
    expect(again.next).toBe(first.next);
  });

  test('people get the details, the table and the configuration', async () => {
    const { stdout, stderr } = await runCli(
      [
        'import',
        'fedora-aws',
        '--config',
        config,
        '--endpoint-url',
        account.aws.url,
        '--work-dir',
        await makeWorkDirectory(),
      ],
      { env: { IMG_SFX: '20261122' } },
    );
    expect(stdout).toMatch(/^OUTCOME +AMI +NAME +REGION +ARCH +TIME\n/);
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).not.toContain('BlockDeviceMappings');
    expect(stdout).toMatch(/^reused +ami-[0-9a-f]{17} +fedora-aws-i20261122 +us-east-1 +x86_64 +[\d.]+s$/m);
    expect(stdout).toContain('amis:\n      us-east-1: ami-');
    expect(stderr).toContain('fedora-aws: register: reused');
  });
});

describe('every format', () => {
  test.each([
    ['raw', 'vhdx'],
    ['raw.gz', 'vhd'],
    ['raw.zst', 'vmdk'],
    ['vmdk', 'raw'],
    ['vhd', 'vhdx'],
    ['vhdx', 'vhd'],
    ['raw.xz', 'raw'],
    ['qcow2', 'vmdk'],
  ] as const)('%s goes in by way of %s', async (from, format) => {
    await using own = await openAccount();
    const run = await runCli(
      importArgs({
        account: own,
        workDirectory: await makeWorkDirectory(),
        url: images.url(from),
        'checksum-url': images.checksumUrl,
        format,
      }),
    );
    expect(run).toMatchObject({ exitCode: 0 });
    const [result] = run.json<ImportDocument>().images;
    expect(await areEqualDisks(images.disk, own.snapshotPath(result!.snapshotId!))).toBe(true);
  });
});

interface JanitorDocument {
  readonly janitor: { readonly plan: { readonly resources: readonly object[] } };
}

describe('what is kept when asked', () => {
  test('--keep-object without the right to tag: imports, and says what the janitor will take it for', async () => {
    await using own = await openAccount();
    own.aws.faults.add({
      match: { operation: 'PutObjectTagging' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const run = await runCli(
      importArgs({
        account: own,
        workDirectory: await makeWorkDirectory(),
        url: images.url('qcow2'),
        'checksum-url': images.checksumUrl,
        'keep-object': true,
      }),
    );
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/cannot mark .* as kept/) });
    expect((await own.contents()).objects).toHaveLength(1);
  });

  test('50: --keep-object and --keep-files hold back the deletions, the janitor’s too', async () => {
    await using own = await openAccount();
    const workDirectory = await makeWorkDirectory();
    const run = await runCli(
      importArgs({
        account: own,
        workDirectory,
        url: images.url('qcow2'),
        'checksum-url': images.checksumUrl,
        'keep-object': true,
        'keep-files': true,
      }),
    );
    const [result] = run.json<ImportDocument>().images;
    const digits = result!.source.digest!.slice('sha256:'.length, 'sha256:'.length + 12);
    expect(result!.amiName).toBe(`test-cloud-i${digits}`);
    expect((await own.contents()).objects).toEqual([`ec2-image/test-cloud-i${digits}/${digits}.vhdx`]);
    const janitor = ['janitor', '--bucket', bucket, '--region', region, '--endpoint-url', own.aws.url];
    const cleaned = await runCli([...janitor, '--older-than', '0s', '--apply', '--yes', '--json']);
    expect(cleaned.exitCode).toBe(0);
    expect(cleaned.json<JanitorDocument>().janitor.plan.resources).toContainEqual(
      expect.objectContaining({ kind: 'object', reason: expect.stringContaining('--keep-object') }),
    );
    expect((await own.contents()).objects).toHaveLength(1);
    const [directory] = await readdir(join(workDirectory, 'images'));
    expect(await readdir(join(workDirectory, 'images', directory!))).toEqual(
      expect.arrayContaining(['disk.vhdx', expect.stringMatching(/\.qcow2$/)]),
    );
  });
});
