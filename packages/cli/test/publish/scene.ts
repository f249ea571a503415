import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetParameterHistoryCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type LocalAwsOptions, seedEc2 } from '@ec2-image/local-aws';
import { amiTags, provenanceTags, tagRecord, writtenDescription } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { openAccount, region, type TestAccount } from '../support/account.ts';
import { makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';

export const otherRegion = 'eu-west-1';
const regions = [region, otherRegion] as const;
const accounts = ['111111111111', '222222222222'];
const hex = 'ab'.repeat(32);
const amiName = 'debian-i1';
export const imageId = `ami-${'1'.padStart(17, '0')}`;
const snapshotId = `snap-${'1'.padStart(17, '0')}`;

const image = {
  url: 'https://example.org/debian.qcow2',
  sha256: hex,
  arch: 'x86_64',
  suffix: '1',
  via: 'ebs',
  region,
  regions: regions.slice(1),
  share: { accounts },
  'deprecate-after': '90d',
  'deregistration-protection': 'enabled-without-cooldown',
  'ssm-parameter': '/images/{name}/{suffix}',
  'ssm-latest': '/images/{name}/latest',
  'poll-interval': 0.02,
};
const parameters = ['/images/debian/1', '/images/debian/latest'];

/** An account in which an AMI was imported, and the command that publishes it: EC2 and SSM are all that it calls. */
export interface PublishScene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly args: readonly string[];
  run(...more: string[]): Promise<InProcessEnd>;
  /** Whatever happened before: each region has one AMI, all of it as configured, and nothing else. */
  expectPublished(): Promise<void>;
}

export async function openPublishScene({
  settings,
  ...options
}: Partial<LocalAwsOptions> & {
  /** Of the image: on top of its own. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
} = {}): Promise<PublishScene> {
  const rules = { audience: accounts, latest: { name: /\/latest$/, regions } };
  const account = await openAccount({ ...options, ...(!settings && { rules }) });
  const workDirectory = await makeWorkDirectory();
  const config = join(workDirectory, 'ec2-image.yaml');
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ images: { debian: { ...image, ...settings } } }));
  seedImage(account);
  // Encryption by default would be with AWS's own key, and nothing so encrypted can be shared.
  for (const at of regions)
    await account.client(EC2Client, { region: at }).send(new DisableEbsEncryptionByDefaultCommand({}));
  const args = ['publish', '--config', config, '--endpoint-url', account.aws.url];
  args.push('--work-dir', workDirectory, '--json', '--max-attempts', '2');
  return {
    account,
    args,
    run: (...more) => runInProcess([...args, ...more]),
    async expectPublished() {
      for (const at of regions) await expectRegion(account, at);
    },
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await rm(workDirectory, { recursive: true, force: true });
    },
  };
}

function seedImage({ directory }: TestAccount): void {
  const digest = `sha256:${hex}` as const;
  const tags = {
    Name: amiName,
    ...provenanceTags({
      digest,
      sourceUrl: image.url,
      diskFormat: 'raw',
      name: 'debian',
      proof: 'full',
      version: '0.1.0',
      startedAt: new Date(),
    }),
  };
  const sizes = { volumeSizeGiB: 1 };
  seedEc2({
    directory,
    snapshots: [{ id: snapshotId, description: writtenDescription(digest), tags, ...sizes }],
    images: [
      {
        id: imageId,
        name: amiName,
        snapshotIds: [snapshotId],
        tags: { ...tags, ...amiTags({ amiName }) },
        ...sizes,
      },
    ],
  });
}

async function expectRegion({ observer }: TestAccount, at: string): Promise<void> {
  const ec2 = observer.client(EC2Client, { region: at });
  const ssm = observer.client(SSMClient, { region: at });
  const { Images = [] } = await ec2.send(
    new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true }),
  );
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  expect([Images.length, Snapshots.length], at).toEqual([1, 1]);
  const [ami, snapshot] = [Images[0]!, Snapshots[0]!];
  expect(ami, at).toMatchObject({
    Name: amiName,
    State: 'available',
    DeregistrationProtection: 'enabled-without-cooldown',
    DeprecationTime: expect.any(String),
  });
  if (at !== region) expect(tagRecord(ami.Tags)['ec2-image:copy-of']).toBe(`${imageId} ${at}`);
  const { LaunchPermissions = [] } = await ec2.send(
    new DescribeImageAttributeCommand({ ImageId: ami.ImageId, Attribute: 'launchPermission' }),
  );
  const { CreateVolumePermissions = [] } = await ec2.send(
    new DescribeSnapshotAttributeCommand({
      SnapshotId: snapshot.SnapshotId,
      Attribute: 'createVolumePermission',
    }),
  );
  for (const permissions of [LaunchPermissions, CreateVolumePermissions])
    expect(permissions.map(({ UserId }) => UserId).sort(), at).toEqual(accounts);
  const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path: '/', Recursive: true }));
  expect(
    Parameters.map(({ Name, Value }) => [Name, Value]),
    at,
  ).toEqual(parameters.map((name) => [name, ami.ImageId]));
  for (const Name of parameters) {
    const { Parameters: versions } = await ssm.send(new GetParameterHistoryCommand({ Name }));
    expect(new Set(versions!.map(({ Value }) => Value)), `${Name} in ${at}`).toEqual(new Set([ami.ImageId]));
  }
}
