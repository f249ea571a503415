import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DisableEbsEncryptionByDefaultCommand,
  DisableImageBlockPublicAccessCommand,
  DisableSnapshotBlockPublicAccessCommand,
  EnableEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { tagRecord } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { regions, source, test } from './support.ts';

/** Where all regions answer at once, and the reads of each are counted. */
const calmTest = test.extend('accountOptions', { conditions: 'calm' });

const accounts = ['111111111111', '222222222222'];

describe('publish', () => {
  test('copies, shares, deprecates and protects in every region; again, it changes nothing; another region is all that is done', async ({
    account,
    runImport,
    runPublish,
    imagesOf,
    inRegion,
    parameterIn,
    workDirectory,
  }) => {
    expect((await runImport()).result).toMatchObject({ outcome: 'imported', regions: [] });
    const settings = {
      regions: ['eu-west-1', 'us-west-2'],
      share: { accounts },
      'deprecate-after': '90d',
      'deregistration-protection': 'enabled-without-cooldown',
      'ssm-parameter': '/images/{name}/{suffix}/{region}',
      'ssm-latest': '/images/{name}/latest',
    };
    const manifest = join(workDirectory, 'manifest.json');
    const first = await runPublish(settings, '--manifest', manifest);
    expect([first.exitCode, first.stderr]).toEqual([
      0,
      expect.stringContaining('eu-west-1: copy to eu-west-1; '),
    ]);
    expect(first.result).toMatchObject({ outcome: 'published', amiName: 'test-cloud-i1' });
    expect(first.result.regions.map(({ region, outcome }) => [region, outcome])).toEqual(
      [source, 'eu-west-1', 'us-west-2'].map((region) => [region, 'published']),
    );
    const [original] = await imagesOf(source);
    const deprecatedAt =
      Math.round((Date.parse(original!.CreationDate!) + 90 * 86_400_000) / 60_000) * 60_000;
    for (const { region, imageId, snapshotId } of first.result.regions) {
      const [image, ...others] = await imagesOf(region);
      expect(others).toEqual([]);
      expect(image).toMatchObject({
        ImageId: imageId,
        Name: 'test-cloud-i1',
        DeregistrationProtection: 'enabled-without-cooldown',
      });
      expect(Date.parse(image!.DeprecationTime!)).toBe(deprecatedAt);
      expect(tagRecord(image!.Tags)).toMatchObject({
        ...tagRecord(original!.Tags),
        ...(region !== source && { 'ec2-image:copy-of': `${original!.ImageId} ${region}` }),
      });
      const ec2 = inRegion(region);
      const ofAmi = await ec2.send(
        new DescribeImageAttributeCommand({ ImageId: imageId!, Attribute: 'launchPermission' }),
      );
      expect(ofAmi.LaunchPermissions?.map(({ UserId }) => UserId)).toEqual(accounts);
      const ofSnapshot = await ec2.send(
        new DescribeSnapshotAttributeCommand({
          SnapshotId: snapshotId!,
          Attribute: 'createVolumePermission',
        }),
      );
      expect(ofSnapshot.CreateVolumePermissions?.map(({ UserId }) => UserId)).toEqual(accounts);
      expect(await parameterIn(region, `/images/test-cloud/1/${region}`)).toBe(imageId);
      expect(await parameterIn(region, '/images/test-cloud/latest')).toBe(imageId);
    }

    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({
      complete: true,
      images: [
        {
          name: 'test-cloud',
          amiName: 'test-cloud-i1',
          outcome: 'published',
          source: first.result.source,
          amis: Object.fromEntries(
            first.result.regions.map(({ region, imageId, snapshotId }) => [region, { imageId, snapshotId }]),
          ),
        },
      ],
    });

    const writesSince = writesOf(account);
    const second = await runPublish(settings, '--manifest', manifest, '--manifest-format', 'packer');
    expect([second.exitCode, second.result.outcome]).toEqual([0, 'unchanged']);
    expect(writesSince()).toEqual([]);
    expect(JSON.parse(await readFile(manifest, 'utf8')).builds).toMatchObject([
      {
        name: 'test-cloud',
        artifact_id: first.result.regions.map(({ region, imageId }) => `${region}:${imageId}`).join(','),
        custom_data: { source_digest: tagRecord(original!.Tags)['ec2-image:source-digest'] },
      },
    ]);

    const third = await runPublish({ ...settings, regions: [...settings.regions, 'ap-south-1'] });
    expect(third.result.regions.map(({ region, outcome }) => [region, outcome])).toEqual([
      [source, 'unchanged'],
      ['eu-west-1', 'unchanged'],
      ['us-west-2', 'unchanged'],
      ['ap-south-1', 'published'],
    ]);
    expect(new Set(writesSince().map(({ region }) => region))).toEqual(new Set(['ap-south-1']));
  });

  test('revokes only with --apply, AMI before snapshot', async ({ account, runImport, runPublish }) => {
    const imported = await runImport({ share: { accounts } });
    expect([imported.exitCode, imported.result.outcome]).toEqual([0, 'imported']);
    expect(imported.result.regions).toMatchObject([{ region: source, outcome: 'published' }]);
    const fewer = { share: { accounts: accounts.slice(0, 1) } };
    const writesSince = writesOf(account);
    const withheld = await runPublish(fewer);
    expect([withheld.exitCode, withheld.result.outcome]).toEqual([3, 'withheld']);
    expect(withheld.result.regions[0]!.withheld).toEqual([
      `revoke ${imported.result.imageId} from ${accounts[1]}`,
      `revoke ${imported.result.snapshotId} from ${accounts[1]}`,
    ]);
    expect((await runImport(fewer)).exitCode).toBe(3);
    expect(writesSince()).toEqual([]);
    const applied = await runPublish(fewer, '--apply');
    expect([applied.exitCode, applied.result.outcome]).toEqual([0, 'published']);
    // A call whose answer was lost is repeated.
    expect([...new Set(writesSince().map(({ operation }) => operation))]).toEqual([
      'ModifyImageAttribute',
      'ModifySnapshotAttribute',
    ]);
    expect((await runPublish(fewer)).result.outcome).toBe('unchanged');
  });

  test("each copy is encrypted with its region's own key of a map, and a region without one is refused before anything is made", {
    timeout: 240_000,
  }, async ({ account, inRegion, imagesOf, runImport }) => {
    const keys: Record<string, string> = {};
    for (const region of [source, 'eu-west-1']) {
      const { KeyMetadata } = await account.client(KMSClient, { region }).send(new CreateKeyCommand({}));
      keys[region] = KeyMetadata!.Arn!;
    }
    const settings = { encrypt: true, 'kms-key': keys, regions: ['eu-west-1'] };
    const lacking = await runImport({ ...settings, regions: ['eu-west-1', 'us-west-2'] });
    expect(lacking.result.error, lacking.stderr).toMatchObject({
      code: 'KMS_KEY_MISSING',
      message: expect.stringContaining('us-west-2'),
    });
    expect(account.calls('StartSnapshot')).toEqual([]);
    const { exitCode, stderr } = await runImport(settings);
    expect(exitCode, stderr).toBe(0);
    for (const [region, KmsKeyId] of Object.entries(keys)) {
      const [image] = await imagesOf(region);
      const SnapshotIds = [image!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!];
      const { Snapshots } = await inRegion(region).send(new DescribeSnapshotsCommand({ SnapshotIds }));
      expect(Snapshots).toMatchObject([{ Encrypted: true, KmsKeyId }]);
    }
  });

  test('what cannot be shared as configured is refused before anything is made or changed', async ({
    account,
    inRegion,
    runImport,
    runPublish,
  }) => {
    await inRegion('eu-west-1').send(new EnableEbsEncryptionByDefaultCommand({}));
    const settings = { regions: ['eu-west-1', 'us-west-2'], share: { accounts } };
    const early = await runImport(settings);
    expect([early.exitCode, early.result.error]).toMatchObject([
      1,
      { code: 'SHARE_AWS_KEY', message: expect.stringMatching(/^eu-west-1: /) },
    ]);
    expect(account.calls('StartSnapshot')).toEqual([]);
    await runImport();
    const everybody = await runPublish({ ...settings, share: { public: true } });
    expect(everybody.result.error?.message.split('; ')).toEqual([
      ...[source, 'eu-west-1', 'us-west-2'].flatMap((region) => [
        ...(region === 'eu-west-1' ? ['eu-west-1: an encrypted AMI cannot be public'] : []),
        `${region}: the account blocks public access to AMIs`,
        `${region}: the account blocks public access to snapshots`,
      ]),
    ]);
    expect([account.calls('CopyImage'), account.calls('ModifySnapshotAttribute')]).toEqual([[], []]);
    await inRegion('eu-west-1').send(new DisableEbsEncryptionByDefaultCommand({}));
    for (const region of regions) {
      await inRegion(region).send(new DisableImageBlockPublicAccessCommand({}));
      await inRegion(region).send(new DisableSnapshotBlockPublicAccessCommand({}));
    }
    const shared = await runPublish({ ...settings, share: { public: true } });
    expect([shared.exitCode, shared.result.outcome], shared.stderr).toEqual([0, 'published']);
  });

  test('an AMI is replaced with its copies by --replace', async ({ runImport, imagesOf }) => {
    const settings = { regions: ['eu-west-1'], share: { accounts } };
    const first = await runImport(settings);
    expect(first.exitCode, first.stderr).toBe(0);
    const replaced = await runImport(settings, '--fresh', '--replace');
    expect(replaced.exitCode, replaced.stderr).toBe(0);
    expect(replaced.result.regions).toHaveLength(2);
    for (const { region, imageId, changed } of replaced.result.regions) {
      expect(changed, region).toEqual(region === source ? ['shared'] : ['copied', 'shared']);
      expect((await imagesOf(region)).map(({ ImageId }) => ImageId)).toEqual([imageId]);
      expect(first.result.regions.map((one) => one.imageId)).not.toContain(imageId);
    }
    expect(replaced.stderr).toContain(`copy to eu-west-1 in place of ${first.result.regions[1]!.imageId}`);
  });

  calmTest(
    'an AMI is not replaced where a parameter names it or a copy of it, nor where that cannot be read',
    async ({ account, runImport, parameterIn }) => {
      const announced = { regions: ['eu-west-1'], 'ssm-parameter': '/images/{name}/{region}/{digest}' };
      const first = await runImport(announced);
      expect(first.exitCode, first.stderr).toBe(0);
      const writesSince = writesOf(account);
      const refused = await runImport(announced, '--fresh', '--replace');
      expect([refused.exitCode, refused.result.error?.code]).toEqual([1, 'REPLACED_AMI_ANNOUNCED']);
      const digest = first.result.source.digest!.slice('sha256:'.length, 'sha256:'.length + 12);
      for (const { region, imageId } of first.result.regions) {
        const name = `/images/test-cloud/${region}/${digest}`;
        expect(refused.result.error!.message).toContain(
          `${imageId}, which is to be replaced, is named by ${name}`,
        );
        expect(await parameterIn(region, name)).toBe(imageId);
      }

      account.aws.faults.add({
        match: { operation: 'GetParameters', region: source },
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      const unread = await runImport(announced, '--fresh', '--replace');
      expect([unread.exitCode, unread.result.error?.code]).toEqual([1, 'ACCESS_DENIED']);
      expect(writesSince()).toEqual([]);
    },
  );

  test.for([source, 'eu-west-1'])(
    'what a parameter of %s names since the run began is not deregistered',
    async (region, { account, imagesOf, runImport }) => {
      const settings = { regions: ['eu-west-1'] };
      const first = await runImport(settings);
      expect(first.exitCode, first.stderr).toBe(0);
      const before = await imagesOf(region);
      const held = account.aws.faults.add({
        match: { operation: region === source ? 'StartSnapshot' : 'RegisterImage' },
        action: { kind: 'hang' },
      });
      const name = `/images/${region}`;
      const running = runImport({ ...settings, 'ssm-parameter': '/images/{region}' }, '--fresh', '--replace');
      await held.struck;
      await account
        .client(SSMClient, { region })
        .send(new PutParameterCommand({ Name: name, Value: before[0]!.ImageId, Type: 'String' }));
      held.remove();
      const { exitCode, result, stderr } = await running;
      expect([exitCode, result.error?.code], stderr).toEqual([1, 'REPLACED_AMI_ANNOUNCED']);
      expect(result.error!.message).toContain(`is named by ${name}`);
      expect((await imagesOf(region)).map(({ ImageId }) => ImageId)).toEqual([before[0]!.ImageId]);
    },
  );

  test('a region that is not enabled, or does not exist, is told before anything is done; of best effort it is a warning', async ({
    account,
    runImport,
    runPublish,
  }) => {
    const early = await runImport({ regions: ['eu-west-1', 'af-south-1'] });
    expect([early.exitCode, early.result.error?.code]).toEqual([1, 'REGION_NOT_ENABLED']);
    expect(account.calls('StartSnapshot')).toEqual([]);
    await runImport();
    const unknown = await runPublish({ regions: ['eu-wets-1'] });
    expect(unknown.result.error).toMatchObject({
      code: 'REGION_UNKNOWN',
      message: expect.stringContaining('Did you mean "eu-west-1"?'),
    });
    expect(account.calls('CopyImage')).toEqual([]);
    const warned = await runPublish({
      regions: ['eu-west-1', 'af-south-1'],
      'best-effort-regions': ['af-south-1'],
    });
    expect([warned.exitCode, warned.result.outcome]).toEqual([0, 'published']);
    expect(warned.result.regions.map(({ region, outcome, required }) => [region, outcome, required])).toEqual(
      [
        [source, 'unchanged', true],
        ['eu-west-1', 'published', true],
        ['af-south-1', 'failed', false],
      ],
    );
  });

  test('latest moves to a newer AMI of the stream, and to another only with --force', async ({
    runImport,
    runPublish,
    parameterIn,
  }) => {
    const latest = { 'ssm-latest': '/images/latest', regions: ['eu-west-1'] };
    const older = await runImport(latest);
    expect([older.exitCode, await parameterIn(source, '/images/latest')]).toEqual([0, older.result.imageId]);
    // Tags tell the second in which an import began.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const newer = await runImport({ ...latest, suffix: '2' });
    expect([newer.exitCode, await parameterIn(source, '/images/latest')]).toEqual([0, newer.result.imageId]);
    for (const [index, { region }] of newer.result.regions.entries())
      expect(newer.stderr).toMatch(
        new RegExp(`${region}: .*move /images/latest from ${older.result.regions[index]!.imageId}`),
      );
    const back = await runPublish(latest);
    expect([back.exitCode, back.result.error?.code]).toEqual([1, 'LATEST_NOT_NEWER']);
    expect(await parameterIn(source, '/images/latest')).toBe(newer.result.imageId);
    const forced = await runPublish(latest, '--force');
    expect([forced.exitCode, await parameterIn(source, '/images/latest')]).toEqual([0, older.result.imageId]);
  });

  test('without an AMI, or with nothing to publish, it says so', async ({ run, runPublish }) => {
    expect((await runPublish({ regions: ['eu-west-1'] })).result.error?.code).toBe('NOT_IMPORTED');
    const nothing = await run('publish');
    expect([nothing.exitCode, nothing.json<{ error: { code: string } }>().error.code]).toEqual([
      2,
      'NOTHING_TO_PUBLISH',
    ]);
  });

  test('every region needs --yes where nobody can be asked', async ({ run }) => {
    const all = await run('publish', { regions: 'all' });
    expect([all.exitCode, all.json<{ error: { code: string } }>().error.code]).toEqual([2, 'NOT_CONFIRMED']);
  });
});

/** The calls since then that change something. */
function writesOf({ aws }: { readonly aws: import('@ec2-image/local-aws').LocalAws }) {
  const before = aws.calls.list().length;
  return () =>
    aws.calls
      .list()
      .slice(before)
      .filter(({ operation }) => !/^(?:Describe|Get|List)/.test(operation));
}
