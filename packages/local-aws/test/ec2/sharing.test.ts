import {
  CopyImageCommand,
  DescribeImagesCommand,
  DisableImageDeprecationCommand,
  EC2Client,
  EnableImageDeprecationCommand,
  type LaunchPermission,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, openAccount, refusal, type TestAccount, testWith } from '../support/account.ts';

const hex = (number: number) => number.toString(16).padStart(17, '0');
const other = '210987654321';
const ownKey = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const day = 86_400_000;
const createdAt = Date.now() - 10 * day;

/** AMIs by what is special about them, each with a snapshot of its own. */
const kinds = ['plain', 'pending', 'encrypted', 'own-key'] as const;
type Kind = (typeof kinds)[number];
const ami = (kind: Kind) => `ami-${hex(kinds.indexOf(kind) + 1)}`;
const snap = (kind: Kind) => `snap-${hex(kinds.indexOf(kind) + 1)}`;

const test = testWith({ quotas: { publicImages: 1 } }, seed);

function seed({ directory }: TestAccount) {
  const devices = (kind: Kind) =>
    ({
      'own-key': { encrypted: true, kmsKeyId: ownKey },
      encrypted: { encrypted: true },
      pending: { state: 'pending' as const },
      plain: {},
    })[kind];
  seedEc2({
    directory,
    snapshots: kinds.map((kind) => ({ id: snap(kind), ...devices(kind) })),
    images: kinds.map((kind) => ({
      id: ami(kind),
      name: kind,
      snapshotIds: [snap(kind)],
      createdAt,
      ...(kind === 'pending' && { state: kind }),
    })),
  });
}

const share = (ec2: EC2Client, kind: Kind, ...Add: LaunchPermission[]) =>
  ec2.send(new ModifyImageAttributeCommand({ ImageId: ami(kind), LaunchPermission: { Add } }));
const shareSnapshot = (ec2: EC2Client, kind: Kind, ...Add: { UserId?: string; Group?: 'all' }[]) =>
  ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId: snap(kind), CreateVolumePermission: { Add } }));
const everybody = { Group: 'all' } as const;
const account = { UserId: other };
const organization = { OrganizationArn: 'arn:aws:organizations::123456789012:organization/o-exampleorg12' };
const unit = {
  OrganizationalUnitArn: 'arn:aws:organizations::123456789012:ou/o-exampleorg12/ou-abcd-12345678',
};

describe('an AMI', () => {
  test('is shared with accounts, organizations and units', async ({ account: { ec2 } }) => {
    await share(ec2, 'plain', account, organization, unit);
    await share(ec2, 'own-key', account);
  });

  test.for<[Kind, LaunchPermission, string, RegExp]>([
    ['pending', account, 'InvalidAMIID.Unavailable', /pending/],
    ['encrypted', account, 'InvalidParameter', /AWS Managed CMK can't be shared/],
    ['encrypted', organization, 'InvalidParameter', /AWS Managed CMK can't be shared/],
    ['own-key', everybody, 'UnsupportedOperation', /can't be shared publicly/],
    ['plain', { UserId: '12' }, 'InvalidAMIAttributeItemValue', /userId/],
    ['plain', { OrganizationArn: 'o-exampleorg12' }, 'InvalidAMIAttributeItemValue', /organizationArn/],
    [
      'plain',
      { OrganizationalUnitArn: organization.OrganizationArn },
      'InvalidAMIAttributeItemValue',
      /Unit/,
    ],
  ])('%s: not with %o', async ([kind, permission, code, words], { account: { ec2 } }) => {
    await expect(share(ec2, kind, permission)).rejects.toEqual(refusal(code, words));
  });

  test('is public within the quota, and deprecated after two years', async ({ account: { ec2 } }) => {
    const deprecation = async () => {
      const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ami('plain')] }));
      return Images![0]!.DeprecationTime;
    };
    expect(await deprecation()).toBeUndefined();
    await share(ec2, 'plain', everybody);
    const latest = new Date(createdAt);
    latest.setUTCFullYear(latest.getUTCFullYear() + 2);
    expect(await deprecation()).toBe(latest.toISOString());
    const DeprecateAt = new Date(Date.now() + 3 * 366 * day);
    const deprecate = (at: Date) =>
      ec2.send(new EnableImageDeprecationCommand({ ImageId: ami('plain'), DeprecateAt: at }));
    await expect(deprecate(DeprecateAt)).rejects.toEqual(refusal('InvalidParameterValue', /2 years/));
    await deprecate(new Date(Date.now() + 30 * day));
    expect((await deprecation())! < latest.toISOString()).toBe(true);
    await ec2.send(new DisableImageDeprecationCommand({ ImageId: ami('plain') }));
    expect(await deprecation()).toBe(latest.toISOString());
    // The same permission again counts once.
    await share(ec2, 'plain', everybody);
    const copy = await ec2.send(
      new CopyImageCommand({ SourceRegion: 'us-east-1', SourceImageId: ami('plain'), Name: 'copy' }),
    );
    const publish = new ModifyImageAttributeCommand({
      ImageId: copy.ImageId,
      LaunchPermission: { Add: [everybody] },
    });
    await expect(ec2.send(publish)).rejects.toEqual(
      refusal('ResourceLimitExceeded', /quota of 1 for the number of public images/),
    );
  });
});

describe('a snapshot', () => {
  test.for<[Kind, { UserId?: string; Group?: 'all' }, string, RegExp]>([
    ['pending', account, 'IncorrectState', /pending/],
    ['encrypted', account, 'OperationNotPermitted', /EBS default key cannot be shared/],
    ['own-key', everybody, 'OperationNotPermitted', /publicly/],
  ])('%s: not with %o', async ([kind, permission, code, words], { account: { ec2 } }) => {
    await expect(shareSnapshot(ec2, kind, permission)).rejects.toEqual(refusal(code, words));
  });

  test('is shared with accounts and everybody, and then an AMI that is shared can be copied', async ({
    account: { directory, ec2 },
  }) => {
    await share(ec2, 'own-key', account);
    await share(ec2, 'plain', account);
    await using stranger = await openAccount({ directory, accountId: other });
    const theirs = stranger.client(EC2Client, {
      credentials: { accessKeyId: 'other', secretAccessKey: 'x' },
    });
    const copy = () =>
      theirs.send(
        new CopyImageCommand({ SourceRegion: 'us-east-1', SourceImageId: ami('plain'), Name: 'theirs' }),
      );
    await expect(copy()).rejects.toEqual(
      refusal('InvalidRequest', /permission to access the storage of this ami/),
    );
    await shareSnapshot(ec2, 'plain', account, everybody);
    await shareSnapshot(ec2, 'own-key', account);
    await expect(copy()).resolves.toHaveProperty('ImageId');
  });
});

test('a copy of an encrypted snapshot is not unencrypted', async ({ account: { ec2 } }) => {
  const copy = new CopyImageCommand({
    SourceRegion: 'us-east-1',
    SourceImageId: ami('encrypted'),
    Name: 'unencrypted',
    Encrypted: false,
  });
  await expect(ec2.send(copy)).rejects.toEqual(refusal('InvalidRequest', /is not supported/));
});
