import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  paginateDescribeTags,
  type Tag,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { type Account, openAccount, refusal } from './account.ts';

let account: Account;
let next = 0;
let snapshotId: string;

beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => {
  next += 1;
  snapshotId = `snap-${next.toString(16).padStart(17, '0')}`;
  seedEc2({ directory: account.directory, snapshots: [{ id: snapshotId, tags: { Name: 'before' } }] });
});

const create = (tags: Tag[], ...ids: string[]) =>
  account.ec2.send(new CreateTagsCommand({ Resources: ids.length > 0 ? ids : [snapshotId], Tags: tags }));

async function tags(): Promise<Record<string, string>> {
  const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
  return Object.fromEntries((Snapshots![0]!.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
}

describe('CreateTags', () => {
  it('adds and overwrites', async () => {
    await create([{ Key: 'Name', Value: 'after' }, { Key: 'ec2-image:é', Value: '' }, { Key: 'novalue' }]);
    expect(await tags()).toEqual({ Name: 'after', 'ec2-image:é': '', novalue: '' });
  });

  it.each([
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
  ] as [Tag[], string, string | RegExp][])('refuses %j, whole', async (given, code, message) => {
    await expect(create(given)).rejects.toEqual(refusal(code, message));
    expect(await tags()).toEqual({ Name: 'before' });
  });

  it('takes the longest there may be, and fifty with those that are there', async () => {
    const longest = { Key: '😀'.repeat(127), Value: '😀'.repeat(256) };
    await create([longest]);
    expect(await tags()).toEqual({ Name: 'before', [longest.Key]: longest.Value });
    await create([{ Key: 'Name', Value: 'x' }, ...Array.from({ length: 48 }, (_, n) => ({ Key: `${n}` }))]);
    expect(Object.keys(await tags())).toHaveLength(50);
  });

  it.each([
    ['nonsense', 'InvalidID', "The ID 'nonsense' is not valid"],
    [
      'ami-0123456789abcdef0',
      'InvalidAMIID.NotFound',
      "The image id '[ami-0123456789abcdef0]' does not exist",
    ],
    ['snap-0fffffffffffffff0', 'InvalidSnapshot.NotFound', /does not exist/],
  ])('refuses %s, and tags nothing else either', async (id, code, message) => {
    await expect(create([{ Key: 'Name', Value: 'after' }], snapshotId, id)).rejects.toEqual(
      refusal(code, message),
    );
    expect(await tags()).toEqual({ Name: 'before' });
  });

  it('refuses more than a thousand resources', async () => {
    const ids = Array.from({ length: 1001 }, () => snapshotId);
    await expect(create([{ Key: 'k' }], ...ids)).rejects.toEqual(refusal('InvalidParameterValue'));
  });

  it('does nothing in a dry run', async () => {
    const dry = new CreateTagsCommand({ Resources: [snapshotId], Tags: [{ Key: 'k' }], DryRun: true });
    await expect(account.ec2.send(dry)).rejects.toEqual(refusal('DryRunOperation', undefined, 412));
    expect(await tags()).toEqual({ Name: 'before' });
  });
});

describe('DeleteTags', () => {
  const remove = (Tags?: Tag[]) => account.ec2.send(new DeleteTagsCommand({ Resources: [snapshotId], Tags }));

  it.each([
    [[{ Key: 'Name' }], { other: 'x' }],
    [[{ Key: 'Name', Value: 'before' }], { other: 'x' }],
    [[{ Key: 'Name', Value: 'another' }], { Name: 'before', other: 'x' }],
    [[{ Key: 'Name', Value: '' }], { Name: 'before', other: 'x' }],
    [[{ Key: 'absent' }], { Name: 'before', other: 'x' }],
    [undefined, {}],
  ] as [Tag[] | undefined, Record<string, string>][])('%j leaves %j', async (given, left) => {
    await create([{ Key: 'other', Value: 'x' }]);
    await remove(given);
    expect(await tags()).toEqual(left);
  });
});

describe('DescribeTags', () => {
  it('finds the tags themselves', async () => {
    await create([{ Key: 'other', Value: 'x y' }]);
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

  it('pages', async () => {
    await create(Array.from({ length: 11 }, (_, n) => ({ Key: `key ${n}`, Value: 'v' })));
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
