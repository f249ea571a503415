import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  paginateDescribeTags,
  type Tag,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, refusal, type TestAccount, testWith } from '../support/account.ts';

let next = 0;

const test = testWith().extend('snapshotId', ({ account }) => {
  next += 1;
  const id = `snap-${next.toString(16).padStart(17, '0')}`;
  seedEc2({ directory: account.directory, snapshots: [{ id, tags: { Name: 'before' } }] });
  return id;
});

const create = (account: TestAccount, snapshotId: string, tags: Tag[], ...ids: string[]) =>
  account.ec2.send(new CreateTagsCommand({ Resources: ids.length > 0 ? ids : [snapshotId], Tags: tags }));

async function tags(account: TestAccount, snapshotId: string): Promise<Record<string, string>> {
  const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
  return Object.fromEntries((Snapshots![0]!.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
}

describe('CreateTags', () => {
  test('adds and overwrites', async ({ account, snapshotId }) => {
    await create(account, snapshotId, [
      { Key: 'Name', Value: 'after' },
      { Key: 'ec2-image:é', Value: '' },
      { Key: 'novalue' },
    ]);
    expect(await tags(account, snapshotId)).toEqual({ Name: 'after', 'ec2-image:é': '', novalue: '' });
  });

  test.for([
    [[{ Key: 'aws:x', Value: '' }], 'InvalidParameterValue', /reserved/],
    [[{ Key: '', Value: '' }], 'InvalidParameterValue', /empty/],
    [[{ Key: 'k'.repeat(128), Value: '' }], 'InvalidParameterValue', /key exceeds/],
    [[{ Key: 'k', Value: 'v'.repeat(257) }], 'InvalidParameterValue', /value exceeds/],
    [[{ Key: 'k' }, { Key: 'k' }], 'InvalidParameterValue', /Duplicate tag key/],
    [
      Array.from({ length: 50 }, (_, n) => ({ Key: String(n), Value: '' })),
      'TagLimitExceeded',
      'The maximum number of Tags for a resource has been reached.',
    ],
  ] as [Tag[], string, string | RegExp][])(
    'refuses %j, whole',
    async ([given, code, message], { account, snapshotId }) => {
      await expect(create(account, snapshotId, given)).rejects.toEqual(refusal(code, message));
      expect(await tags(account, snapshotId)).toEqual({ Name: 'before' });
    },
  );

  test('takes the longest there may be, and fifty with those that are there', async ({
    account,
    snapshotId,
  }) => {
    const longest = { Key: '😀'.repeat(127), Value: '😀'.repeat(256) };
    await create(account, snapshotId, [longest]);
    expect(await tags(account, snapshotId)).toEqual({ Name: 'before', [longest.Key]: longest.Value });
    await create(account, snapshotId, [
      { Key: 'Name', Value: 'x' },
      ...Array.from({ length: 48 }, (_, n) => ({ Key: `${n}` })),
    ]);
    expect(Object.keys(await tags(account, snapshotId))).toHaveLength(50);
  });

  test.for([
    ['nonsense', 'InvalidID', "The ID 'nonsense' is not valid"],
    [
      'ami-0123456789abcdef0',
      'InvalidAMIID.NotFound',
      "The image id '[ami-0123456789abcdef0]' does not exist",
    ],
    ['snap-0fffffffffffffff0', 'InvalidSnapshot.NotFound', /does not exist/],
  ] as const)(
    'refuses %s, and tags nothing else either',
    async ([id, code, message], { account, snapshotId }) => {
      await expect(
        create(account, snapshotId, [{ Key: 'Name', Value: 'after' }], snapshotId, id),
      ).rejects.toEqual(refusal(code, message));
      expect(await tags(account, snapshotId)).toEqual({ Name: 'before' });
    },
  );

  test('refuses more than a thousand resources', async ({ account, snapshotId }) => {
    const ids = Array.from({ length: 1001 }, () => snapshotId);
    await expect(create(account, snapshotId, [{ Key: 'k' }], ...ids)).rejects.toEqual(
      refusal('InvalidParameterValue'),
    );
  });

  test('does nothing in a dry run', async ({ account, snapshotId }) => {
    const dry = new CreateTagsCommand({ Resources: [snapshotId], Tags: [{ Key: 'k' }], DryRun: true });
    await expect(account.ec2.send(dry)).rejects.toEqual(refusal('DryRunOperation', undefined, 412));
    expect(await tags(account, snapshotId)).toEqual({ Name: 'before' });
  });
});

describe('DeleteTags', () => {
  const remove = (account: TestAccount, snapshotId: string, Tags?: Tag[]) =>
    account.ec2.send(new DeleteTagsCommand({ Resources: [snapshotId], Tags }));

  test.for([
    [[{ Key: 'Name' }], { other: 'x' }],
    [[{ Key: 'Name', Value: 'before' }], { other: 'x' }],
    [[{ Key: 'Name', Value: 'another' }], { Name: 'before', other: 'x' }],
    [[{ Key: 'Name', Value: '' }], { Name: 'before', other: 'x' }],
    [[{ Key: 'absent' }], { Name: 'before', other: 'x' }],
    [undefined, {}],
  ] as [Tag[] | undefined, Record<string, string>][])(
    '%j leaves %j',
    async ([given, left], { account, snapshotId }) => {
      await create(account, snapshotId, [{ Key: 'other', Value: 'x' }]);
      await remove(account, snapshotId, given);
      expect(await tags(account, snapshotId)).toEqual(left);
    },
  );
});

describe('DescribeTags', () => {
  test('finds the tags themselves', async ({ account, snapshotId }) => {
    await create(account, snapshotId, [{ Key: 'other', Value: 'x y' }]);
    const { Tags } = await account.ec2.send(
      new DescribeTagsCommand({
        Filters: [
          { Name: 'resource-id', Values: [snapshotId] },
          { Name: 'resource-type', Values: ['snapshot'] },
        ],
      }),
    );
    expect(Tags).toEqual([
      { ResourceId: snapshotId, ResourceType: 'snapshot', Key: 'Name', Value: 'before' },
      { ResourceId: snapshotId, ResourceType: 'snapshot', Key: 'other', Value: 'x y' },
    ]);
    const { Tags: byValue } = await account.ec2.send(
      new DescribeTagsCommand({
        Filters: [
          { Name: 'key', Values: ['oth*'] },
          { Name: 'value', Values: ['x*'] },
          { Name: 'resource-id', Values: [`${snapshotId.slice(0, -1)}?`] },
        ],
      }),
    );
    expect(byValue!.map(({ Key }) => Key)).toContain('other');
    expect(byValue!.map(({ Key }) => Key)).not.toContain('Name');
  });

  test('pages', async ({ account, snapshotId }) => {
    await create(
      account,
      snapshotId,
      Array.from({ length: 11 }, (_, n) => ({ Key: `key ${n}`, Value: 'v' })),
    );
    const keys: (string | undefined)[] = [];
    const input = { Filters: [{ Name: 'resource-id', Values: [snapshotId] }] };
    for await (const { Tags } of paginateDescribeTags({ client: account.ec2, pageSize: 5 }, input)) {
      expect(Tags!.length).toBeLessThanOrEqual(5);
      keys.push(...Tags!.map(({ Key }) => Key));
    }
    expect(keys).toHaveLength(12);
    expect(new Set(keys).size).toBe(12);
  });
});
