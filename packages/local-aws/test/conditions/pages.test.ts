import { EBSClient, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DescribeImagesCommand, DescribeSnapshotsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import {
  CreateRoleCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, it } from 'vitest';
import { seedEc2 } from '../../src/index.ts';
import type { TestAccount } from '../../src/testing/index.ts';
import { openAdverse, trustPolicy } from './adverse-account.ts';

const count = 40;
const numbers = Array.from({ length: count }, (_, number) => number);
const hex = (number: number) => number.toString(16).padStart(16, '0');

interface Pages {
  readonly sizes: number[];
  readonly items: string[];
}

/** Pages until there is no token. */
async function pagesOf(
  page: (token: string | undefined) => Promise<{ items: string[]; token: string | undefined }>,
): Promise<Pages> {
  const sizes: number[] = [];
  const all: string[] = [];
  for (let token: string | undefined; ; ) {
    const next = await page(token);
    sizes.push(next.items.length);
    all.push(...next.items);
    token = next.token;
    if (token === undefined) return { sizes, items: all };
  }
}

const lists: Readonly<Record<string, (account: TestAccount) => Promise<Pages>>> = {
  async DescribeSnapshots({ ec2 }) {
    return pagesOf(async (NextToken) => {
      const page = await ec2.send(
        new DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: 30, NextToken }),
      );
      return { items: page.Snapshots!.map(({ SnapshotId }) => SnapshotId!), token: page.NextToken };
    });
  },
  async DescribeImages({ ec2 }) {
    return pagesOf(async (NextToken) => {
      const page = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 30, NextToken }));
      return { items: page.Images!.map(({ ImageId }) => ImageId!), token: page.NextToken };
    });
  },
  async DescribeTags({ ec2 }) {
    return pagesOf(async (NextToken) => {
      const page = await ec2.send(new DescribeTagsCommand({ MaxResults: 30, NextToken }));
      return { items: page.Tags!.map(({ ResourceId }) => ResourceId!), token: page.NextToken };
    });
  },
  async DescribeParameters({ client }) {
    const ssm = client(SSMClient);
    return pagesOf(async (NextToken) => {
      const page = await ssm.send(new DescribeParametersCommand({ MaxResults: 30, NextToken }));
      return { items: page.Parameters!.map(({ Name }) => Name!), token: page.NextToken };
    });
  },
};

async function furnish({ directory, client }: TestAccount): Promise<void> {
  const tags = { a: 'b' };
  seedEc2({
    directory,
    snapshots: numbers.map((number) => ({ id: `snap-0${hex(number)}`, tags })),
    images: numbers.map((number) => ({
      id: `ami-0${hex(number)}`,
      name: `image-${number}`,
      snapshotIds: [`snap-0${hex(number)}`],
    })),
  });
  const ssm = client(SSMClient);
  for (const number of numbers) {
    await ssm.send(
      new PutParameterCommand({ Name: `p${number}`, Type: 'String', Value: 'v', Overwrite: true }),
    );
  }
}

it('pages are shorter than asked for and empty, and together they are everything', async () => {
  let now = Date.now();
  await using account = await openAdverse({ now: () => (now += 1000), seed: 1 });
  await furnish(account);
  for (const [name, list] of Object.entries(lists)) {
    const tries = await Promise.all(Array.from({ length: 12 }, () => list(account)));
    for (const { items } of tries) expect(new Set(items).size, name).toBe(count);
    for (const { items } of tries) expect(items.length, name).toBe(count);
    const sizes = tries.flatMap((pages) => pages.sizes);
    expect(sizes, name).toContain(0);
    expect(
      sizes.some((size) => size > 0 && size < 30),
      name,
    ).toBe(true);
  }
});

it('a list of blocks may be short and empty too', async () => {
  let now = Date.now();
  await using account = await openAdverse({ now: () => (now += 1000), seed: 1 });
  seedEc2({ directory: account.directory, snapshots: [{ id: 'snap-0123456789abcdef0' }] });
  const ebs = account.client(EBSClient);
  const { items } = await pagesOf(async (NextToken) => {
    const page = await ebs.send(
      new ListSnapshotBlocksCommand({ SnapshotId: 'snap-0123456789abcdef0', MaxResults: 100, NextToken }),
    );
    return { items: page.Blocks!.map(({ BlockIndex }) => String(BlockIndex)), token: page.NextToken };
  });
  expect(items).toEqual([]);
});

it('S3 and IAM give fewer than asked for, and never none where there are more', async () => {
  let now = Date.now();
  await using account = await openAdverse({ now: () => (now += 1000), seed: 1, buckets: ['disks'] });
  const iam = account.client(IAMClient);
  const RoleName = 'test';
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustPolicy }));
  for (const number of numbers.slice(0, 10)) {
    await account.s3.send(new PutObjectCommand({ Bucket: 'disks', Key: `key-${number}`, Body: 'a' }));
    const put = new PutRolePolicyCommand({
      RoleName,
      PolicyName: `policy-${number}`,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
      }),
    });
    while (!(await iam.send(put).catch(() => undefined))) {
      // IAM's own writes are not seen at once.
    }
  }
  const objects = () =>
    pagesOf(async (ContinuationToken) => {
      const page = await account.s3.send(new ListObjectsV2Command({ Bucket: 'disks', ContinuationToken }));
      expect(page.MaxKeys).toBe(1000);
      return { items: page.Contents!.map(({ Key }) => Key!), token: page.NextContinuationToken };
    });
  const policies = () =>
    pagesOf(async (Marker) => {
      const page = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker }));
      return { items: page.PolicyNames!, token: page.IsTruncated ? page.Marker : undefined };
    });
  const tries = [];
  for (let number = 0; number < 8; number += 1) tries.push(await objects(), await policies());
  for (const { items, sizes } of tries.slice(8)) {
    expect(items).toHaveLength(10);
    expect(sizes).not.toContain(0);
  }
  expect(tries.some(({ sizes }) => sizes.length > 1)).toBe(true);
});
