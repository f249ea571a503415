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
import { amiTags, copyOfKey, provenanceTags, tagRecord, writtenDescription } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { openAccount, region, type TestAccount } from '../support/account.ts';
import { standardRetries } from '../support/crash-points.ts';
import { makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';

export const otherRegion = 'eu-west-1';
const regions = [region, otherRegion] as const;
const accounts = ['111111111111', '222222222222'];
const hex = 'ab'.repeat(32);
export const amiName = 'debian-i1';
const idOf = (type: 'ami' | 'snap', number: number) => `${type}-${String(number).padStart(17, '0')}`;
export const imageId = idOf('ami', 1);

/** Of a configuration: everything that publishing an AMI can ask for. */
export const image = {
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

export interface SceneOptions extends Partial<LocalAwsOptions> {
  /** Of the image: on top of its own. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the other region has a copy of an earlier AMI of the name, which is to be replaced. Default false. */
  readonly replaces?: boolean;
}

export async function openPublishScene({
  settings,
  replaces = false,
  ...options
}: SceneOptions = {}): Promise<PublishScene> {
  const publication = { audience: accounts, latest: { name: /\/latest$/, regions } };
  const account = await openAccount({ ...options, ...(!settings && { publication }) });
  const workDirectory = await makeWorkDirectory();
  const config = join(workDirectory, 'ec2-image.yaml');
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ images: { debian: { ...image, ...settings } } }));
  seedImported(account, { name: 'debian', number: 1 });
  if (replaces) seedReplaced(account);
  // Encryption by default would be with AWS's own key, and nothing so encrypted can be shared.
  for (const at of regions)
    await account.client(EC2Client, { region: at }).send(new DisableEbsEncryptionByDefaultCommand({}));
  const args = ['publish', '--config', config, '--endpoint-url', account.aws.url];
  args.push('--work-dir', workDirectory, '--json', '--max-attempts', '2');
  if (replaces) args.push('--replace');
  return {
    account,
    args,
    run: (...more) => runInProcess([...args, ...more], { env: standardRetries }),
    async expectPublished() {
      for (const at of regions) await expectRegion(account, at);
    },
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await rm(workDirectory, { recursive: true, force: true });
    },
  };
}

const digest = `sha256:${hex}` as const;
const tagsOf = (name: string): Record<string, string> => ({
  Name: `${name}-i1`,
  ...provenanceTags({
    digest,
    sourceUrl: image.url,
    diskFormat: 'raw',
    name,
    proof: 'full',
    version: '0.1.0',
    startedAt: new Date(),
  }),
});
const sizes = { volumeSizeGiB: 1 };

/** The AMI of an image of that name and the suffix 1, as an import leaves it. */
export function seedImported(
  { directory }: Pick<TestAccount, 'directory'>,
  {
    name,
    number,
    architecture = 'x86_64',
  }: { readonly name: string; readonly number: number; readonly architecture?: string },
): void {
  const tags = tagsOf(name);
  const snapshot = idOf('snap', number);
  seedEc2({
    directory,
    snapshots: [{ id: snapshot, description: writtenDescription(digest), tags, ...sizes }],
    images: [
      {
        id: idOf('ami', number),
        name: tags.Name!,
        snapshotIds: [snapshot],
        architecture,
        tags: { ...tags, ...amiTags({ amiName: tags.Name! }) },
        ...sizes,
      },
    ],
  });
}

/** A copy of an AMI that `import --replace` has deregistered. */
function seedReplaced({ directory }: TestAccount): void {
  const [at, source, snapshot] = [regions[1], idOf('ami', 2), idOf('snap', 3)];
  const tags = { ...tagsOf('debian'), ...amiTags({ amiName }), [copyOfKey]: `${source} ${at}` };
  seedEc2({
    directory,
    region: at,
    snapshots: [{ id: snapshot, description: `[Copied ${idOf('snap', 2)} from ${region}]`, tags, ...sizes }],
    images: [
      {
        id: idOf('ami', 3),
        name: amiName,
        snapshotIds: [snapshot],
        sourceImageId: source,
        sourceImageRegion: region,
        tags,
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
