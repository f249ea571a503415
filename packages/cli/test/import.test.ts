import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { tagRecord } from '@ec2-image/provenance';
import { stepNames } from '../src/outcome.ts';
import { bucket, openAccount, region } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { areEqualDisks, type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith({
  formats: ['qcow2', 'raw.xz', 'raw.gz', 'raw.zst', 'raw', 'vmdk', 'vhd', 'vhdx'],
  disk: { arm64: ['raw.xz'] },
  account: { conditions: 'adverse' },
});

/** One account and one first import for all of them: each checks what it left. */
const teamTest = test
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('teamAccount', { scope: 'file' }, async ({}, { onCleanup }) => {
    const account = await openAccount({ conditions: 'adverse' });
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  })
  .extend('directory', { scope: 'file' }, () => makeWorkDirectory())
  .extend('config', { scope: 'file' }, async ({ directory, images }) => {
    const config = join(directory, 'ec2-image.yaml');
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
    return config;
  })
  .extend('runFile', { scope: 'file' }, ({ teamAccount, config: whole }) => {
    return async (
      args: readonly string[],
      { config = whole, work }: { config?: string; work?: string } = {},
    ) =>
      runInProcess(
        [
          ...['import', ...args, '--config', config, '--endpoint-url', teamAccount.aws.url],
          ...['--work-dir', work ?? (await makeWorkDirectory())],
        ],
        { env: { IMG_SFX: '20261122' } },
      );
  })
  .extend('first', { scope: 'file' }, async ({ directory, runFile }) => {
    const run = await runFile(['--json'], { work: join(directory, 'work') });
    expect(run).toMatchObject({ exitCode: 0 });
    return run.json<ImportDocument>();
  });

describe('several images of a configuration file', () => {
  teamTest(
    'both end as tagged AMIs of snapshots that hold the disk, and nothing else is left',
    async ({ teamAccount: account, directory, first, images }) => {
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
      expect(await readdir(join(directory, 'work', 'images'))).toEqual([]);
    },
  );

  teamTest('the document names every step', ({ first }) => {
    for (const { steps, image, error } of first.images) {
      expect(steps.map(({ step }) => step)).toEqual(stepNames);
      // Nothing asks for it to be tested or published.
      const published = ['boot-test', 'copy', 'share', 'deprecate', 'announce'];
      expect(steps.map(({ outcome }) => outcome)).toEqual(
        stepNames.map((step) => (published.includes(step) ? 'skipped' : 'done')),
      );
      expect(image).toMatchObject({ State: 'available' });
      expect(error).toBeUndefined();
    }
  });

  teamTest(
    'the same again, from another machine, finds the AMIs and moves nothing',
    async ({ first, images, runFile }) => {
      const before = images.server.requests.length;
      const run = await runFile(['--json']);
      const again = run.json<ImportDocument>();
      expect(run.exitCode).toBe(0);
      expect(again.images.map(({ outcome, imageId }) => ({ outcome, imageId }))).toEqual(
        first.images.map(({ imageId }) => ({ outcome: 'reused', imageId })),
      );
      expect(images.server.requests.slice(before).map(({ url }) => url)).toEqual(['/CHECKSUM', '/CHECKSUM']);
    },
  );

  teamTest('the printed configuration pins the result', async ({ directory, first, runFile }) => {
    const pinned = join(directory, 'pinned.yaml');
    await writeFile(pinned, first.next);
    const run = await runFile(['--json'], { config: pinned });
    const again = run.json<ImportDocument>();
    expect(again.images.map(({ outcome, imageId }) => [outcome, imageId])).toEqual(
      first.images.map(({ imageId }) => ['reused', imageId]),
    );
    expect(again.next).toBe(first.next);
  });

  teamTest('people get the details, the table and the configuration', async ({ first, runFile }) => {
    expect(first.images).toHaveLength(2);
    const { stdout, stderr } = await runFile(['fedora-aws']);
    expect(stdout).toMatch(/^OUTCOME +AMI +NAME +REGION +ARCH +TIME\n/);
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).not.toContain('BlockDeviceMappings');
    expect(stdout).toMatch(/^reused +ami-[0-9a-f]{17} +fedora-aws-i20261122 +us-east-1 +x86_64 +[\d.]+s$/m);
    expect(stdout).toContain('amis:\n      us-east-1: ami-');
    expect(stderr).toContain('fedora-aws: register: reused');
  });
});

describe('every format', () => {
  test.for([
    ['raw', 'vhdx'],
    ['raw.gz', 'vhd'],
    ['raw.zst', 'vmdk'],
    ['vmdk', 'raw'],
    ['vhd', 'vhdx'],
    ['vhdx', 'vhd'],
    ['raw.xz', 'raw'],
    ['qcow2', 'vmdk'],
  ] as const)('%s goes in by way of %s', async ([from, format], { account, images, runImport }) => {
    const { exitCode, stderr, result } = await runImport({
      url: images.url(from),
      format,
      arch: undefined,
    });
    expect(exitCode, stderr).toBe(0);
    expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);
  });
});

test('an import in a versioned bucket whose versions may not be deleted: says that one remains', async ({
  account,
  argsOf,
}) => {
  const { s3 } = account;
  const versioned = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
  await s3.send(new PutBucketVersioningCommand(versioned));
  const Resource = `arn:aws:s3:::${bucket}/*`;
  const denied = { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObjectVersion', Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [denied] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));

  const first = await runInProcess(argsOf());
  expect(first.exitCode, first.stderr).toBe(0);
  const [result] = first.json<ImportDocument>().images;
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const left = `old versions of s3://${bucket}/${Versions[0]!.Key} (s3:DeleteObjectVersion denied)`;
  expect(result).toMatchObject({ outcome: 'imported', leftovers: [left] });
  expect(Versions).toHaveLength(1);

  const forPeople = await runInProcess(argsOf({ json: false, fresh: true, suffix: 'other' }));
  expect(forPeople.stdout).toMatch(
    /Next:\n {2}test-cloud: still in the account: old versions of s3:.* Allow that, and ec2-image janitor deletes/,
  );
});

interface JanitorDocument {
  readonly janitor: { readonly plan: { readonly resources: readonly object[] } };
}

describe('what is kept when asked', () => {
  test('--keep-object without the right to tag: imports, and says what the janitor will take it for', async ({
    account,
    runImport,
  }) => {
    account.aws.faults.add({
      match: { operation: 'PutObjectTagging' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const end = await runImport({ 'keep-object': true });
    expect(end).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/cannot mark .* as kept/) });
    expect((await account.contents()).objects).toHaveLength(1);
  });

  test('50: --keep-object and --keep-files hold back the deletions, the janitor’s too', async ({
    account,
    runImport,
    workDirectory,
  }) => {
    const { result } = await runImport({ 'keep-object': true, 'keep-files': true });
    const digits = result.source.digest!.slice('sha256:'.length, 'sha256:'.length + 12);
    expect(result.amiName).toBe(`test-cloud-i${digits}`);
    expect((await account.contents()).objects).toEqual([`ec2-image/test-cloud-i${digits}/${digits}.vhdx`]);
    const janitor = ['janitor', '--bucket', bucket, '--region', region, '--endpoint-url', account.aws.url];
    const cleaned = await runInProcess([...janitor, '--older-than', '0s', '--apply', '--yes', '--json']);
    expect(cleaned.exitCode).toBe(0);
    expect(cleaned.json<JanitorDocument>().janitor.plan.resources).toContainEqual(
      expect.objectContaining({ kind: 'object', reason: expect.stringContaining('--keep-object') }),
    );
    expect((await account.contents()).objects).toHaveLength(1);
    const [directory] = await readdir(join(workDirectory, 'images'));
    expect(await readdir(join(workDirectory, 'images', directory!))).toEqual(
      expect.arrayContaining([expect.stringMatching(/\.qcow2$/)]),
    );
  });
});
