import {
  CreateTagsCommand,
  DeregisterImageCommand,
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { seedEc2 } from '@ec2-image/local-aws';
import { openTestAccount, type PublicationRules } from '@ec2-image/local-aws/testing';
import { expect, test } from 'vitest';
import { watchPublication } from '../src/testing/publication/watch-publication.ts';

const ami = 'ami-00000000000000001';
const snap = 'snap-00000000000000001';
const loose = 'snap-00000000000000002';
const somebody = '210987654321';

async function openWatched(rules: PublicationRules = {}) {
  const account = await openTestAccount({ publication: 'unwatched' });
  const { aws, directory, observer } = account;
  seedEc2({
    directory,
    snapshots: [{ id: snap }, { id: loose }],
    images: [{ id: ami, name: 'image', snapshotIds: [snap] }],
  });
  const watch = watchPublication({ calls: aws.calls, directory, ...rules });
  const with_ = (ec2: EC2Client) => ({
    image: (...who: string[]) =>
      ec2.send(
        new ModifyImageAttributeCommand({
          ImageId: ami,
          LaunchPermission: { Add: who.map((UserId) => ({ UserId })) },
        }),
      ),
    snapshot: (SnapshotId = snap, change: 'Add' | 'Remove' = 'Add') =>
      ec2.send(
        new ModifySnapshotAttributeCommand({
          SnapshotId,
          CreateVolumePermission: { [change]: [{ UserId: somebody }] },
        }),
      ),
  });
  const ssm = account.client(SSMClient);
  return {
    account,
    watch,
    share: with_(account.ec2),
    observe: with_(observer.ec2),
    announce: (Name: string, Value = ami) =>
      ssm.send(
        new PutParameterCommand({ Name, Value, Type: 'String', DataType: 'aws:ec2:image', Overwrite: true }),
      ),
  };
}

test('what is shared and announced in the right order violates nothing', async () => {
  const { account, watch, share, announce } = await openWatched({ audience: [somebody] });
  await using _ = account;
  await share.snapshot();
  // The owner is nobody else.
  await share.image(somebody, '123456789012');
  await announce('/latest');
  expect(watch.violations).toEqual([]);
  expect(() => watch.end()).not.toThrow();
});

test('each moment at which others see what is not finished is told once', async () => {
  const { account, watch, share, announce } = await openWatched({
    audience: [somebody],
    whyUnfinished: (tags) => (tags.tested === 'yes' ? undefined : 'is not tested'),
    latest: { name: /latest$/, regions: ['us-east-1', 'eu-west-1'] },
  });
  await using _ = account;
  await share.image(somebody);
  await share.snapshot();
  await share.snapshot(loose);
  await account.ec2.send(
    new CreateTagsCommand({ Resources: [ami], Tags: [{ Key: 'tested', Value: 'yes' }] }),
  );
  await announce('/own');
  await announce('/latest');
  await account.ec2.send(new DeregisterImageCommand({ ImageId: ami }));
  expect(watch.violations).toEqual([
    `after ModifyImageAttribute: ${ami} in us-east-1 is shared, and is not tested`,
    `after ModifyImageAttribute: ${ami} in us-east-1 is shared, and is shared with ${somebody} before ${snap}`,
    `after ModifySnapshotAttribute: ${loose} in us-east-1 is shared, and no AMI of it is available`,
    `after PutParameter: /latest in us-east-1 names ${ami}, which is not available in eu-west-1`,
    `after DeregisterImage: /latest in us-east-1 names ${ami}, which does not exist`,
    `after DeregisterImage: /own in us-east-1 names ${ami}, which does not exist`,
  ]);
  expect(() => watch.end()).toThrow(/^published before it was finished:\nafter ModifyImageAttribute/);
});

test('an AMI is announced before those that it is for may launch it', async () => {
  const { account, watch, announce } = await openWatched({ audience: [somebody] });
  await using _ = account;
  await announce('/own');
  expect(watch.violations).toEqual([
    `after PutParameter: /own in us-east-1 names ${ami}, which is not shared with ${somebody}`,
  ]);
});

test('what the observer prepares counts for nothing, nor what follows from it', async () => {
  const { account, watch, observe } = await openWatched();
  await using _ = account;
  await observe.image(somebody);
  await observe.snapshot(loose);
  await account.ec2.send(
    new RegisterImageCommand({
      Name: 'other',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snap } }],
    }),
  );
  expect(watch.violations).toEqual([]);
});
