import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { rateOf } from '../../src/conditions/rates.ts';
import { bucketClockScale, createTokenBuckets } from '../../src/conditions/token-buckets.ts';
import { openTestAccount } from '../../src/testing/index.ts';
import { openAdverse } from './adverse-account.ts';

const place = { accountId: '123456789012', region: 'us-east-1' };

it.each([
  ['ec2', 'DescribeImages', {}, 100, 20],
  ['ec2', 'DescribeSnapshots', { 'Owner.1': 'self' }, 50, 10],
  ['ec2', 'DescribeSnapshots', { MaxResults: '1000' }, 100, 20],
  ['ec2', 'RegisterImage', {}, 50, 5],
  ['ec2', 'CreateTags', {}, 100, 10],
  ['ec2', 'DeregisterImage', {}, 100, 5],
  ['ebs', 'PutSnapshotBlock', {}, 1000, 1000],
  ['ebs', 'StartSnapshot', {}, 10, 10],
  ['s3', 'UploadPart', { bucket: 'b', key: 'a/b' }, 3500, 3500],
  ['s3', 'GetObject', { bucket: 'b', key: 'a/b' }, 5500, 5500],
  ['ssm', 'PutParameter', {}, 3, 3],
] as const)('%s %s %o: %i requests at once and %i a second', (service, operation, parameters, ...limits) => {
  const rate = rateOf({ ...place, service, operation, parameters });
  expect([rate?.capacity, rate?.perSecond]).toEqual(limits);
});

it('S3 counts by prefix, EC2 by API, account and region', () => {
  const bucketOf = (call: Partial<Parameters<typeof rateOf>[0]>) =>
    rateOf({ ...place, service: 's3', operation: 'PutObject', parameters: {}, ...call })!.bucket;
  const object = (key: string) => bucketOf({ parameters: { bucket: 'b', key } });
  expect(object('a/one')).toBe(object('a/two'));
  expect(object('a/one')).not.toBe(object('b/one'));
  const images = { service: 'ec2', operation: 'DescribeImages' };
  expect(bucketOf(images)).not.toBe(bucketOf({ ...images, operation: 'DescribeTags' }));
  expect(bucketOf(images)).not.toBe(bucketOf({ ...images, region: 'eu-west-1' }));
  expect(bucketOf(images)).not.toBe(bucketOf({ ...images, accountId: '210987654321' }));
});

it('a bucket fills by the second, up to what it holds', () => {
  let now = 0;
  const { take } = createTokenBuckets({ now: () => now, clockScale: bucketClockScale });
  const rate = { bucket: 'test', capacity: 5, perSecond: 2 };
  const taken = (wanted: number) => Array.from({ length: wanted }, () => take(rate)).filter(Boolean).length;
  expect(taken(10)).toBe(5);
  now += 1000 / bucketClockScale;
  expect(taken(10)).toBe(2);
  now += 60_000;
  expect(taken(10)).toBe(5);
});

describe('over the wire', () => {
  it('EC2 answers RequestLimitExceeded (503), and accepts calls again as its bucket fills', async () => {
    let now = Date.now();
    await using account = await openAdverse({ now: () => now, maxAttempts: 1, seed: 1 });
    const call = () =>
      account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] })).then(
        () => 200,
        ({ name, $metadata }) => `${name} ${$metadata.httpStatusCode}`,
      );
    const outcomes = await Promise.all(Array.from({ length: 130 }, call));
    expect(new Set(outcomes)).toEqual(new Set([200, 'RequestLimitExceeded 503']));
    const accepted = outcomes.filter((outcome) => outcome === 200).length;
    expect(accepted).toBeLessThanOrEqual(100);
    expect(accepted).toBeGreaterThan(85);
    now += 1000;
    expect(await Promise.all(Array.from({ length: 3 }, call))).toContain(200);
  });

  it('in calm conditions only if asked for, and at the pace of AWS', async () => {
    const accepted = async (tokenBuckets: boolean) => {
      let now = Date.now();
      await using account = await openTestAccount({ tokenBuckets, now: () => now });
      const call = () =>
        account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] })).then(
          () => 1,
          () => 0,
        );
      const count = async (calls: number) =>
        (await Promise.all(Array.from({ length: calls }, call))).reduce<number>((sum, one) => sum + one, 0);
      const atOnce = await count(130);
      now += 1000;
      return [atOnce, await count(30)];
    };
    expect(await accepted(true)).toEqual([100, 20]);
    expect(await accepted(false)).toEqual([130, 30]);
  });

  it('EBS direct answers RequestThrottledException (400)', async () => {
    const now = Date.now();
    await using account = await openAdverse({ now: () => now, maxAttempts: 1, seed: 1 });
    const ebs = account.client(EBSClient, { maxAttempts: 1 });
    const outcomes = await Promise.all(
      Array.from({ length: 15 }, () =>
        ebs.send(new StartSnapshotCommand({ VolumeSize: 1 })).then(
          () => 201,
          ({ name, Reason, $metadata }) => `${name} ${Reason} ${$metadata.httpStatusCode}`,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 201).length).toBeLessThanOrEqual(10);
    expect(outcomes).toContain('RequestThrottledException ACCOUNT_THROTTLED 400');
  });
});
