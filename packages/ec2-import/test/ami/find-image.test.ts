import { DescribeImagesCommand, DescribeSnapshotsCommand, type Image } from '@aws-sdk/client-ec2';
import { describeImage, findImage } from '@ec2-image/ec2-import';
import { expect, test } from 'vitest';
import { digest, ourTags } from '../marks.ts';
import { ec2Error, mocked, snapshotAnswer } from '../mocked.ts';

const Tags = Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value }));
const image: Image = {
  ImageId: 'ami-1',
  Name: 'image-i1',
  State: 'available',
  BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: 'snap-1' } }],
};
const wanted = { name: 'image-i1', digest };

test('the AMI is looked for by its name, among our own, the disabled ones included', async () => {
  const account = mocked();
  account.mock.on(DescribeImagesCommand).resolves({});
  expect(await findImage({ ...account.verb, ...wanted })).toBeUndefined();
  expect(account.mock.commandCalls(DescribeImagesCommand).map(({ args }) => args[0].input)).toEqual([
    {
      Owners: ['self'],
      Filters: [{ Name: 'name', Values: ['image-i1'] }],
      IncludeDeprecated: true,
      IncludeDisabled: true,
      MaxResults: 1000,
    },
  ]);
});

test("an untagged AMI is ours by its snapshot's tags", async () => {
  const account = mocked();
  account.mock.on(DescribeImagesCommand).resolves({ Images: [image] });
  account.mock.on(DescribeSnapshotsCommand).resolves({ Snapshots: [snapshotAnswer({ Tags })] });
  expect(await findImage({ ...account.verb, ...wanted })).toMatchObject({
    kind: 'ours',
    ami: { imageId: 'ami-1' },
  });
});

test('a snapshot that is gone or may not be described proves nothing', async () => {
  const account = mocked();
  account.mock.on(DescribeImagesCommand).resolves({ Images: [image] });
  account.mock
    .on(DescribeSnapshotsCommand)
    .rejectsOnce(ec2Error('InvalidSnapshot.NotFound'))
    .rejectsOnce(ec2Error('UnauthorizedOperation', 'no', 403));
  expect(await findImage({ ...account.verb, ...wanted })).toMatchObject({ kind: 'foreign' });
  expect(await findImage({ ...account.verb, ...wanted })).toMatchObject({ kind: 'foreign' });
});

test('an AMI that is deregistered no longer has its name', async () => {
  const account = mocked();
  account.mock.on(DescribeImagesCommand).resolves({ Images: [{ ...image, State: 'deregistered', Tags }] });
  expect(await findImage({ ...account.verb, ...wanted })).toBeUndefined();
});

test('an AMI is described as EC2 describes it, once it shows', async () => {
  const account = mocked();
  account.mock
    .on(DescribeImagesCommand)
    .rejectsOnce(ec2Error('InvalidAMIID.NotFound'))
    .resolves({ Images: [image] });
  expect(await describeImage({ ...account.verb, imageId: 'ami-1' })).toEqual(image);
});

test('waits for an AMI until it can be launched', async () => {
  const account = mocked();
  const pending: Image = { ...image, State: 'pending' };
  account.mock
    .on(DescribeImagesCommand)
    .resolvesOnce({ Images: [pending] })
    .resolves({ Images: [image] });
  expect(await describeImage({ ...account.verb, imageId: 'ami-1' })).toEqual(pending);
  account.mock
    .on(DescribeImagesCommand)
    .resolvesOnce({ Images: [pending] })
    .resolves({ Images: [image] });
  expect(await describeImage({ ...account.verb, imageId: 'ami-1', untilAvailable: true })).toEqual(image);
});

test('an AMI that does not show is an error', async () => {
  const account = mocked();
  account.mock.on(DescribeImagesCommand).resolves({});
  await expect(describeImage({ ...account.verb, imageId: 'ami-1' })).rejects.toMatchObject({
    code: 'AMI_NOT_FOUND',
  });
  expect(account.mock.commandCalls(DescribeImagesCommand)).toHaveLength(3);
});
