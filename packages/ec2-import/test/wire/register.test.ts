import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { describeImage, findImage, importSnapshot, registerImage, tagResources } from '@ec2-image/ec2-import';
import type { FaultAction, FaultRule } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { type Account, type DiskOptions, test, uploadDisk, verbs } from './account.ts';

/** A tagged snapshot, and what RegisterImage is told of it. */
async function createSnapshot(account: Account, options: DiskOptions = {}) {
  const verb = verbs(account);
  const disk = await uploadDisk(account, options);
  const snapshot = await importSnapshot({ ...verb, ...disk.import });
  await tagResources({ ...verb, ids: [snapshot.snapshotId], tags: disk.tags });
  return { ...disk.register, snapshot };
}

const once = (operation: string, action: FaultAction, rule: Partial<FaultRule> = {}): FaultRule => ({
  match: { service: 'ec2', operation },
  action,
  ...rule,
});

describe('an AMI', () => {
  test('is registered with its tags, described in full, and used by the next run', async ({ account }) => {
    const verb = verbs(account);
    const request = await createSnapshot(account);
    expect(await findImage({ ...verb, ...request })).toBeUndefined();
    const told: string[] = [];
    const onRegistered = (imageId: string) => told.push(imageId);
    const ami = await registerImage({ ...verb, ...request, bootMode: 'uefi', onRegistered });
    expect(told).toEqual([ami.imageId]);
    expect(ami).toMatchObject({
      outcome: 'registered',
      snapshotId: request.snapshot.snapshotId,
    });
    expect(ami.image).toMatchObject({
      Name: request.name,
      State: 'available',
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      EnaSupport: true,
      BootMode: 'uefi',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: { SnapshotId: request.snapshot.snapshotId, VolumeSize: 1, VolumeType: 'gp3' },
        },
      ],
    });
    expect(tagRecord(ami.image.Tags)).toEqual(request.tags);
    expect(await describeImage({ ...verb, imageId: ami.imageId })).toEqual(ami.image);

    expect(await findImage({ ...verb, ...request })).toMatchObject({
      kind: 'ours',
      ami: { imageId: ami.imageId },
    });
    expect(await registerImage({ ...verb, ...request })).toMatchObject({
      outcome: 'reused',
      imageId: ami.imageId,
    });
    expect((await account.contents()).images).toHaveLength(1);
  });

  test('that two runs register at once is one', async ({ account }) => {
    const request = await createSnapshot(account);
    const [one, two] = await Promise.all([1, 2].map(() => registerImage({ ...verbs(account), ...request })));
    expect(two!.imageId).toBe(one!.imageId);
    expect((await account.contents()).images).toHaveLength(1);
  });

  test('of another image that has the name goes with replace alone, and its snapshot with it', async ({
    account,
  }) => {
    const verb = verbs(account);
    const earlier = await createSnapshot(account, { hex: 'b2' });
    const old = await registerImage({ ...verb, ...earlier });
    const request = { ...(await createSnapshot(account)), name: earlier.name };
    await expect(registerImage({ ...verb, ...request })).rejects.toMatchObject({
      code: 'AMI_NAME_TAKEN_BY_OURS',
      imageId: old.imageId,
    });
    const ami = await registerImage({ ...verb, ...request, replace: true });
    expect(ami).toMatchObject({
      outcome: 'registered',
      replaced: [{ imageId: old.imageId, snapshotIds: [earlier.snapshot.snapshotId] }],
      leftSnapshotIds: [],
    });
    const { images, snapshots } = await account.contents();
    expect(images.map(({ ImageId }) => ImageId)).toEqual([ami.imageId]);
    expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([request.snapshot.snapshotId]);
  });
});

// Each call gets it once, on top of one another, while one AMI replaces another.
test.for<[string, FaultAction]>([
  ['an internal error before it acts', { kind: 'error', preset: 'internal-error' }],
  ['an internal error after it acted', { kind: 'error', preset: 'internal-error', when: 'after' }],
  ['a reset before it acts', { kind: 'drop' }],
  ['a reset after it acted', { kind: 'drop', when: 'after' }],
  ['half an answer', { kind: 'cut', afterBytes: 100 }],
  ['throttling', { kind: 'error', preset: 'throttling' }],
])('%s', async ([_, action], { account }) => {
  const verb = verbs(account);
  const earlier = await createSnapshot(account, { hex: 'b2' });
  await registerImage({ ...verb, ...earlier });
  const request = { ...(await createSnapshot(account)), name: earlier.name, replace: true };
  const struck = ['DescribeTags', 'DescribeSnapshots', 'DeregisterImage', 'DeleteSnapshot'];
  for (const operation of struck) account.aws.faults.add(once(operation, action));
  account.aws.faults.add(once('DescribeImages', action, { nth: 2 }));
  // The first asks whether it would be allowed, the second is meant.
  account.aws.faults.add(once('RegisterImage', action, { times: 2 }));
  const { imageId } = await registerImage({ ...verb, ...request });
  const { images, snapshots } = await account.contents();
  expect(images.map(({ ImageId, Tags }) => [ImageId, tagRecord(Tags)])).toEqual([[imageId, request.tags]]);
  expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([request.snapshot.snapshotId]);
  expect(account.aws.faults.list().map(({ struck }) => struck)).toEqual([1, 1, 1, 1, 1, 2]);
});

test('no answer in time costs no second AMI', async ({ account }) => {
  const verb = verbs({ ec2: account.hurried });
  const request = await createSnapshot(account);
  for (const operation of ['RegisterImage', 'DescribeTags'])
    account.aws.faults.add(once(operation, { kind: 'hang', when: 'after' }));
  const { imageId } = await registerImage({ ...verb, ...request });
  const { images } = await account.contents();
  expect(images.map(({ ImageId, Tags }) => [ImageId, tagRecord(Tags)])).toEqual([[imageId, request.tags]]);
  expect(account.aws.faults.list().map(({ struck }) => struck)).toEqual([1, 1]);
});

describe('where EC2 shows its writes late', () => {
  test('waits for a fresh AMI', async ({ account }) => {
    const request = await createSnapshot(account);
    account.aws.faults.add(once('RegisterImage', { kind: 'unseen', ms: 300 }));
    expect(await registerImage({ ...verbs(account), ...request })).toMatchObject({ outcome: 'registered' });
  });

  test('an AMI of the run before is found behind the refusal of its name', async ({ account }) => {
    const verb = verbs(account);
    const request = await createSnapshot(account);
    account.aws.faults.add(once('RegisterImage', { kind: 'unseen', ms: 400 }));
    account.aws.faults.add(once('RegisterImage', { kind: 'drop', when: 'after' }));
    const { imageId } = await registerImage({ ...verb, ...request });
    const { Images = [] } = await account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images.map(({ ImageId }) => ImageId)).toEqual([imageId]);
  });
});

describe('where tags are forbidden', () => {
  const denied: FaultAction = { kind: 'error', preset: 'access-denied' };

  test('with the registration, they are set after it', async ({ account }) => {
    const request = await createSnapshot(account);
    account.aws.faults.add(once('RegisterImage', denied));
    const ami = await registerImage({ ...verbs(account), ...request });
    expect(ami.tagging?.added).toEqual(Object.keys(request.tags));
    expect(tagRecord(ami.image.Tags)).toEqual(request.tags);
  });

  test('altogether, the AMI stands, and the next run knows it by its snapshot', async ({ account }) => {
    const verb = verbs(account);
    const request = await createSnapshot(account);
    account.aws.faults.add(once('RegisterImage', denied));
    const handle = account.aws.faults.add(once('CreateTags', denied, { times: 'always' }));
    const ami = await registerImage({ ...verb, ...request });
    expect(ami).toMatchObject({
      outcome: 'registered',
      tagError: { code: 'TAGS_INCOMPLETE', cause: { code: 'ACCESS_DENIED' } },
    });
    handle.remove();
    const { snapshot: _, ...asked } = request;
    expect(await findImage({ ...verb, ...asked })).toMatchObject({
      kind: 'ours',
      ami: { imageId: ami.imageId },
    });
    expect(await registerImage({ ...verb, ...request })).toMatchObject({
      outcome: 'reused',
      tagging: { added: Object.keys(request.tags) },
    });
  });

  test('as the registration is, it fails with what is to be allowed', async ({ account }) => {
    const request = await createSnapshot(account);
    account.aws.faults.add(once('RegisterImage', denied, { times: 'always' }));
    await expect(registerImage({ ...verbs(account), ...request })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      hint: expect.stringContaining('ec2:RegisterImage'),
    });
  });
});
