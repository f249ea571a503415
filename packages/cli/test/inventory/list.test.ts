import {
  DisableImageCommand,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe } from 'vitest';
import {
  expect,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  ourImageTags,
  ourTags,
  test,
} from '../janitor/support.ts';

interface Listed {
  readonly list: {
    readonly amis: readonly (Record<string, unknown> & { readonly imageId: string })[];
    readonly images: unknown;
    readonly gaps: readonly { readonly what: string }[];
  };
}

const everywhere = ['--region', 'eu-west-1', '--bucket', 'disk-images'];
const [newer, older, copy, chained] = [id('ami', 1), id('ami', 2), id('ami', 3), id('ami', 7)];

/** Two of one stream, a copy of the newer in another region, one that only its snapshot proves; and others' AMIs. */
function seedAmis(account: JanitorAccount): void {
  const snapshot = { id: id('snap', 1), description: imported, tags: ourTags };
  account.seed({
    snapshots: [snapshot],
    images: [
      {
        id: newer,
        createdAt: hoursAgo(10),
        name: 'fedora-i44',
        snapshotIds: [snapshot.id],
        tags: {
          ...ourImageTags,
          Name: 'fedora-i44',
          'ec2-image:boot-test': 'passed',
          'ec2-image:proof': 'full',
          'ec2-image:signed-by': 'ABCDEF0123456789ABCDEF0123456789ABCDEF01',
        },
      },
      {
        id: older,
        createdAt: hoursAgo(100),
        name: 'fedora-i43',
        snapshotIds: [snapshot.id],
        tags: ourImageTags,
      },
      { id: id('ami', 4), name: 'fedora-i45', snapshotIds: [], tags: { team: 'somebody' } },
      {
        id: id('ami', 5),
        name: 'copied',
        sourceImageId: newer,
        sourceImageRegion: 'us-east-1',
        snapshotIds: [],
        tags: ourImageTags,
      },
      {
        id: chained,
        createdAt: hoursAgo(50),
        name: 'by-hand',
        snapshotIds: [snapshot.id],
        architecture: 'arm64',
      },
    ],
  });
  account.seed({
    region: 'eu-west-1',
    images: [
      {
        id: copy,
        createdAt: hoursAgo(5),
        name: 'fedora-i44',
        sourceImageId: newer,
        sourceImageRegion: 'us-east-1',
        snapshotIds: [],
        tags: { ...ourImageTags, 'ec2-image:copy-of': `${newer} eu-west-1` },
      },
    ],
  });
}

describe.each(['calm', 'adverse'] as const)('list, %s', (conditions) => {
  const it = test.override({ conditions });

  it('shows what ec2-image created in every region asked for, and changes nothing', async ({ account }) => {
    seedAmis(account);
    const permissions = [{ UserId: '111122223333' }, { OrganizationArn: organization }];
    await account.ec2.send(
      new ModifyImageAttributeCommand({ ImageId: newer, LaunchPermission: { Add: permissions } }),
    );
    await account.ec2.send(
      new EnableImageDeprecationCommand({ ImageId: newer, DeprecateAt: new Date('2030-01-02T00:00:00Z') }),
    );
    await account.ec2.send(new DisableImageCommand({ ImageId: older }));
    const parameter = { Name: '/images/fedora', Value: newer, Type: 'String' as const };
    await account.client(SSMClient).send(new PutParameterCommand(parameter));
    account.aws.calls.clear();

    const { exitCode, json } = await account.run('list', ...everywhere, '--json');
    expect(exitCode).toBe(0);
    const { list } = json<Listed>();
    expect(list.amis).toMatchObject([
      { imageId: chained, name: null, amiName: 'by-hand', architecture: 'arm64' },
      { imageId: copy, region: 'eu-west-1', copyOf: newer, sharedWith: [], parameters: [] },
      {
        imageId: newer,
        region: 'us-east-1',
        name: 'fedora',
        amiName: 'fedora-i44',
        architecture: 'x86_64',
        snapshotIds: [id('snap', 1)],
        state: 'available',
        bootTest: 'passed',
        proof: 'full',
        signedBy: expect.stringMatching(/^ABCDEF/),
        sharedWith: expect.arrayContaining(['111122223333', organization]),
        deprecatesAt: '2030-01-02T00:00:00.000Z',
        deprecated: false,
        parameters: ['/images/fedora'],
        copyOf: null,
      },
      { imageId: older, state: 'disabled', bootTest: null, proof: null, signedBy: null },
    ]);
    expect(list.gaps).toEqual([]);

    const images = await account.run('list', ...everywhere, '--json', '--layout', 'images');
    expect(images.json<Listed>().list.images).toEqual({
      'by-hand': { arm64: { 'us-east-1': chained } },
      fedora: { x86_64: { 'us-east-1': newer, 'eu-west-1': copy } },
    });
    expect(account.changes()).toEqual([]);
  });
});

const organization = 'arn:aws:organizations::123456789012:organization/o-abcdefghij';

describe('list', () => {
  test('prints a table without the columns in which there is nothing, or ids', async ({ account }) => {
    seedAmis(account);
    const table = await account.run('list', '--bucket', 'disk-images');
    const [heading, ...rows] = table.stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^NAME +AMI +REGION +ARCH +AGE +STATE +SNAPSHOT +BOOT TEST +PROOF +SIGNED BY$/);
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatch(/^fedora-i44 +ami-0+1 .* passed +full +23456789ABCDEF01$/);
    const ids = await account.run('list', '--quiet');
    expect(ids.stdout.split('\n')).toEqual([chained, newer, older, '']);
  });

  test('what may not be read is unknown, not nothing: exit 4', async ({ account }) => {
    seedAmis(account);
    for (const operation of ['DescribeImageAttribute', 'DescribeImageReferences']) {
      account.aws.faults.add({
        match: { operation },
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
    }
    const { exitCode, json } = await account.run('list', '--json');
    expect(exitCode).toBe(4);
    const { list } = json<Listed>();
    expect(list.amis).toHaveLength(3);
    for (const ami of list.amis) expect(ami).toMatchObject({ sharedWith: null, parameters: null });
    expect(new Set(list.gaps.map(({ what }) => what))).toEqual(new Set(['permissions', 'references']));
    const { stdout } = await account.run('list');
    expect(stdout).toContain('Could not be read:');
  });

  test('an account without any says so', async ({ account }) => {
    const { exitCode, stdout } = await account.run('list');
    expect([exitCode, stdout]).toEqual([0, 'No AMIs made by ec2-image were found.\n']);
  });
});
