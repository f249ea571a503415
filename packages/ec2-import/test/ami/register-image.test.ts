import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  type Image,
  RegisterImageCommand,
  type RegisterImageRequest,
} from '@aws-sdk/client-ec2';
import { type RegisterImageOptions, registerImage } from '@ec2-image/ec2-import';
import { tagRecord } from '@ec2-image/provenance';
import { describe, expect, test } from 'vitest';
import { digest, otherDigest, ourTags } from '../marks.ts';
import { connectionReset, ec2Error, mocked, snapshotAnswer } from '../mocked.ts';

const tagList = (tags: Record<string, string>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const tags = { ...ourTags(), automation: 'false' };
const request = {
  name: 'image-i1',
  digest,
  architecture: 'x86_64',
  snapshot: { snapshotId: 'snap-1' },
  tags,
} as const satisfies Partial<RegisterImageOptions>;

function imageAnswer(change: Partial<Image> = {}): Image {
  return {
    ImageId: 'ami-old',
    Name: 'image-i1',
    State: 'available',
    OwnerId: '123456789012',
    CreationDate: '2026-01-01T00:00:00.000Z',
    Architecture: 'x86_64',
    RootDeviceName: '/dev/sda1',
    BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: 'snap-old' } }],
    Tags: tagList(ourTags()),
    ...change,
  };
}

/** An account with the images that it is given; what is registered shows after `hiddenLooks` looks for it. */
function account({
  images = [] as Image[],
  snapshots = [
    snapshotAnswer(),
    snapshotAnswer({ SnapshotId: 'snap-old', Tags: tagList(ourTags({ of: otherDigest })) }),
  ],
  hiddenLooks = 0,
  signal = undefined as AbortSignal | undefined,
} = {}) {
  const base = mocked({ signal });
  const { mock } = base;
  const present = [...images];
  let looks = 0;
  mock.on(DescribeImagesCommand).callsFake(({ Filters, ImageIds }) => {
    const hidden = present.some(({ ImageId }) => ImageId === 'ami-new') && looks++ < hiddenLooks;
    const seen = hidden ? present.filter(({ ImageId }) => ImageId !== 'ami-new') : present;
    if (ImageIds) {
      const found = seen.filter(({ ImageId }) => ImageIds.includes(ImageId));
      if (found.length === 0) throw ec2Error('InvalidAMIID.NotFound');
      return { Images: found };
    }
    const [{ Name, Values }] = Filters;
    const matches = (image: Image) =>
      Name === 'name'
        ? Values.includes(image.Name)
        : image.BlockDeviceMappings?.some(({ Ebs }) => Values.includes(Ebs?.SnapshotId));
    return { Images: seen.filter(matches) };
  });
  mock.on(DescribeSnapshotsCommand).callsFake(({ SnapshotIds }) => ({
    Snapshots: snapshots.filter(({ SnapshotId }) => SnapshotIds.includes(SnapshotId)),
  }));
  const register = (input: RegisterImageRequest) => {
    if (input.DryRun) throw ec2Error('DryRunOperation', 'Request would have succeeded', 412);
    if (present.some(({ Name }) => Name === input.Name)) throw ec2Error('InvalidAMIName.Duplicate');
    const Tags = input.TagSpecifications?.[0]?.Tags ?? [];
    present.push(
      imageAnswer({ ImageId: 'ami-new', BlockDeviceMappings: input.BlockDeviceMappings as never, Tags }),
    );
    return { ImageId: 'ami-new' };
  };
  mock.on(RegisterImageCommand).callsFake(register);
  mock.on(DeregisterImageCommand).callsFake(({ ImageId }) => {
    present.splice(
      present.findIndex((image) => image.ImageId === ImageId),
      1,
    );
    return {};
  });
  mock.on(DescribeTagsCommand).callsFake(({ Filters }) => ({
    Tags: present
      .filter(({ ImageId }) => Filters[0].Values.includes(ImageId))
      .flatMap(({ ImageId, Tags = [] }) => Tags.map((tag) => ({ ...tag, ResourceId: ImageId }))),
  }));
  mock.on(CreateTagsCommand).callsFake(({ Resources, Tags }) => {
    const image = present.find(({ ImageId }) => ImageId === Resources[0]);
    image?.Tags?.push(...Tags);
    return {};
  });
  mock.on(DeleteSnapshotCommand).resolves({});
  const count = (command: Parameters<typeof mock.commandCalls>[0]) => mock.commandCalls(command).length;
  return { ...base, present, register, count };
}

const run = (
  { verb }: { verb: ReturnType<typeof account>['verb'] },
  options: Partial<RegisterImageOptions> = {},
) => registerImage({ ...verb, ...request, ...options });

describe('registering', () => {
  test('sends what EC2 would otherwise guess, with the tags, and waits for the AMI', async () => {
    const a = account({ hiddenLooks: 3 });
    const ami = await run(a, {
      bootMode: 'uefi',
      tpmSupport: 'v2.0',
      imdsSupport: 'v2.0',
      description: 'an image',
    });
    expect(ami).toMatchObject({
      imageId: 'ami-new',
      name: 'image-i1',
      snapshotId: 'snap-1',
      outcome: 'registered',
      replaced: [],
    });
    expect(tagRecord(ami.image.Tags)).toEqual(tags);
    expect(ami.tagging).toEqual({ id: 'ami-new', added: [], differing: [] });
    expect(ami.tagError).toBeUndefined();
    expect(a.mock.commandCalls(RegisterImageCommand).map(({ args }) => args[0].input)).toEqual([
      {
        Name: 'image-i1',
        Description: 'an image',
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        EnaSupport: true,
        RootDeviceName: '/dev/sda1',
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/sda1',
            Ebs: { SnapshotId: 'snap-1', VolumeSize: 5, VolumeType: 'gp3', DeleteOnTermination: true },
          },
        ],
        BootMode: 'uefi',
        TpmSupport: 'v2.0',
        ImdsSupport: 'v2.0',
        TagSpecifications: [{ ResourceType: 'image', Tags: tagList(tags) }],
      },
    ]);
    expect(a.count(CreateTagsCommand)).toBe(0);
  });

  test('where tags on creation are forbidden, registers and then tags', async () => {
    const a = account();
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      if (input.TagSpecifications) throw ec2Error('UnauthorizedOperation', 'not with tags', 403);
      return a.register(input);
    });
    const ami = await run(a);
    expect(ami.tagging?.added).toEqual(Object.keys(tags));
    expect(tagRecord(ami.image.Tags)).toEqual(tags);
  });

  test('where no tags can be set at all, the AMI is not lost', async () => {
    const a = account();
    const denied = ec2Error('UnauthorizedOperation', 'no tags here', 403);
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      if (input.TagSpecifications) throw denied;
      return a.register(input);
    });
    a.mock.on(CreateTagsCommand).rejects(denied);
    const ami = await run(a);
    expect(ami).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(ami.tagError).toMatchObject({
      code: 'TAGS_INCOMPLETE',
      missing: { 'ami-new': Object.keys(tags) },
    });
  });

  test('where it is forbidden altogether, fails', async () => {
    const a = account();
    a.mock.on(RegisterImageCommand).rejects(ec2Error('UnauthorizedOperation', 'not you', 403));
    await expect(run(a)).rejects.toMatchObject({ code: 'ACCESS_DENIED', operation: 'RegisterImage' });
  });

  test('refused for an option, says so and registers nothing', async () => {
    const a = account();
    a.mock
      .on(RegisterImageCommand)
      .rejects(ec2Error('InvalidParameterCombination', 'TpmSupport v2.0 requires uefi'));
    const failure = run(a, { tpmSupport: 'v2.0' });
    await expect(failure).rejects.toMatchObject({
      code: 'REGISTER_REFUSED',
      awsCode: 'InvalidParameterCombination',
    });
    expect(a.count(RegisterImageCommand)).toBe(1);
  });

  test.each([
    ['failed', 'AMI_FAILED', /snapshot is not accessible/],
    ['invalid', 'AMI_FAILED', /snapshot is not accessible/],
    ['pending', 'AMI_STALLED', /pending for 15 minutes/],
  ])('an AMI that stays %s is an error', async (State, code, message) => {
    const a = account();
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      a.register(input);
      Object.assign(a.present[0]!, { State, StateReason: { Message: 'the snapshot is not accessible' } });
      return { ImageId: 'ami-new' };
    });
    await expect(run(a)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      imageId: 'ami-new',
    });
  });

  test('an AMI that never shows is an error', async () => {
    const a = account();
    a.mock.on(RegisterImageCommand).resolves({ ImageId: 'ami-ghost' });
    await expect(run(a)).rejects.toMatchObject({ code: 'AMI_NOT_FOUND', imageId: 'ami-ghost' });
  });
});

describe('a lost answer', () => {
  test.each([
    ['connection reset', connectionReset()],
    ['an internal error', ec2Error('InternalError', 'oops', 500)],
  ])('to a call that was carried out is looked up: %s', async (_, error) => {
    const a = account({ hiddenLooks: 2 });
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      a.register(input);
      throw error;
    });
    expect(await run(a)).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(a.count(RegisterImageCommand)).toBe(1);
  });

  test('to a call that was not carried out leads to another, after several looks', async () => {
    const a = account();
    let calls = 0;
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      calls += 1;
      if (calls === 1) throw connectionReset();
      return a.register(input);
    });
    expect(await run(a)).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(a.count(RegisterImageCommand)).toBe(2);
  });

  test("to the SDK's own first try shows as a duplicate, which may not be visible for a while", async () => {
    const a = account({ hiddenLooks: 10 });
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      if (a.present.length === 0) a.register({ ...input, TagSpecifications: undefined });
      throw ec2Error('InvalidAMIName.Duplicate');
    });
    const ami = await run(a);
    expect(ami).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(tagRecord(ami.image.Tags)).toEqual(tags);
  });

  test('is looked up when the network is back', async () => {
    const a = account();
    let outage = 0;
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      a.register(input);
      outage = 12;
      throw connectionReset();
    });
    const describe = a.mock.on(DescribeImagesCommand);
    describe.callsFake(({ ImageIds }) => {
      if (outage > 0) {
        outage -= 1;
        throw connectionReset();
      }
      return { Images: ImageIds ? a.present : a.present.filter(({ Name }) => Name === 'image-i1') };
    });
    expect(await run(a)).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(a.count(RegisterImageCommand)).toBe(1);
    expect(a.clock.elapsedMs).toBeGreaterThan(60_000);
  });

  test('that stays a riddle is given up', async () => {
    const a = account();
    a.mock.on(RegisterImageCommand).rejects(ec2Error('InvalidAMIName.Duplicate'));
    await expect(run(a)).rejects.toMatchObject({
      code: 'AMI_NAME_TAKEN',
      message: expect.stringContaining('lists no such AMI'),
    });
    expect(a.clock.elapsedMs).toBeLessThan(10 * 60_000);
  });
});

describe('an AMI that has the name', () => {
  test('created by ec2-image of this image is reused, with missing tags added', async () => {
    const a = account({ images: [imageAnswer({ Tags: tagList(ourTags()) })], snapshots: [snapshotAnswer()] });
    const ami = await run(a);
    expect(ami).toMatchObject({
      imageId: 'ami-old',
      snapshotId: 'snap-old',
      outcome: 'reused',
      tagging: { added: ['automation'] },
    });
    expect(a.count(RegisterImageCommand)).toBe(0);
  });

  test('created by ec2-image of this image is not what --fresh asks for', async () => {
    const images = [imageAnswer()];
    const snapshots = [
      snapshotAnswer(),
      snapshotAnswer({ SnapshotId: 'snap-old', Tags: tagList(ourTags()) }),
    ];
    await expect(run(account({ images, snapshots }), { fresh: true })).rejects.toMatchObject({
      code: 'AMI_NAME_TAKEN_BY_OURS',
      differences: ['--fresh requests a new one'],
    });
    const a = account({ images, snapshots });
    expect(await run(a, { fresh: true, replace: true })).toMatchObject({
      imageId: 'ami-new',
      replaced: [{ imageId: 'ami-old' }],
      leftSnapshotIds: [],
    });
    expect(a.count(DeleteSnapshotCommand)).toBe(1);
  });

  test('of a fresh import whose answer was lost is still our own', async () => {
    const a = account({ snapshots: [snapshotAnswer()] });
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      a.register(input);
      throw connectionReset();
    });
    expect(await run(a, { fresh: true })).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
  });

  test('of another run at the same time, seen only when ours is refused, is used too', async () => {
    const a = account({ snapshots: [snapshotAnswer()] });
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      a.present.push(imageAnswer({ ImageId: 'ami-theirs' }));
      return a.register(input);
    });
    expect(await run(a)).toMatchObject({ imageId: 'ami-theirs', outcome: 'reused' });
  });

  test("of somebody else's is left alone, --replace or not", async () => {
    for (const replace of [true, false]) {
      const a = account({ images: [imageAnswer({ Tags: [] })], snapshots: [snapshotAnswer()] });
      await expect(run(a, { replace })).rejects.toMatchObject({
        code: 'AMI_NAME_TAKEN',
        imageId: 'ami-old',
        ownerId: '123456789012',
        creationDate: '2026-01-01T00:00:00.000Z',
      });
      for (const command of [
        RegisterImageCommand,
        DeregisterImageCommand,
        CreateTagsCommand,
        DeleteSnapshotCommand,
      ])
        expect(a.count(command)).toBe(0);
    }
  });

  const earlier = imageAnswer({ Tags: tagList(ourTags({ of: otherDigest })) });

  test('created by ec2-image of another image is an error that says so', async () => {
    const a = account({ images: [earlier] });
    await expect(run(a)).rejects.toMatchObject({
      code: 'AMI_NAME_TAKEN_BY_OURS',
      imageId: 'ami-old',
      hint: expect.stringContaining('--replace'),
    });
    expect(a.count(DeregisterImageCommand)).toBe(0);
  });

  test('created by ec2-image of another image goes with replace, its snapshot after the new registration', async () => {
    const a = account({ images: [earlier] });
    const ami = await run(a, { replace: true });
    expect(ami).toMatchObject({
      imageId: 'ami-new',
      outcome: 'registered',
      replaced: [{ imageId: 'ami-old', snapshotIds: ['snap-old'] }],
      leftSnapshotIds: [],
    });
    const order = a.mock.calls().map(({ args }) => args[0]!.constructor.name);
    const at = (name: string) => order.indexOf(name);
    expect(at('DeregisterImageCommand')).toBe(order.lastIndexOf('RegisterImageCommand') - 1);
    expect(at('DeleteSnapshotCommand')).toBe(order.length - 1);
    expect(a.mock.commandCalls(DeleteSnapshotCommand)[0]!.args[0].input).toEqual({ SnapshotId: 'snap-old' });
  });

  test.each([
    ['forbidden', ec2Error('UnauthorizedOperation', 'not you', 403), 'ACCESS_DENIED'],
    ['refused', ec2Error('InvalidParameterCombination', 'TpmSupport requires uefi'), 'REGISTER_REFUSED'],
  ])('created by ec2-image stays where the new one is %s', async (_, error, code) => {
    const a = account({ images: [earlier] });
    a.mock.on(RegisterImageCommand).rejects(error);
    await expect(run(a, { replace: true })).rejects.toMatchObject({ code });
    expect(a.count(DeregisterImageCommand)).toBe(0);
  });

  test('created by ec2-image goes where the new one is registered without its tags', async () => {
    const a = account({ images: [earlier] });
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      if (input.TagSpecifications) throw ec2Error('UnauthorizedOperation', 'not with tags', 403);
      return a.register(input);
    });
    expect(await run(a, { replace: true })).toMatchObject({ tagging: { added: Object.keys(tags) } });
    expect(a.count(DeregisterImageCommand)).toBe(1);
  });

  test('that lingers after it was deregistered is not deregistered again', async () => {
    const a = account({ images: [earlier] });
    let lingering = 3;
    a.mock.on(DeregisterImageCommand).resolves({});
    a.mock.on(RegisterImageCommand).callsFake((input) => {
      if (!input.DryRun) lingering -= 1;
      if (lingering === 0) a.present.length = 0;
      return a.register(input);
    });
    expect(await run(a, { replace: true })).toMatchObject({ imageId: 'ami-new', outcome: 'registered' });
    expect(a.count(DeregisterImageCommand)).toBe(1);
  });

  test('that lingers in the list of what uses its snapshot does not keep it', async () => {
    const a = account({ images: [earlier] });
    const gone = { ...earlier, Name: 'deregistered' };
    a.mock.on(DeregisterImageCommand).callsFake(() => {
      a.present.splice(0, 1, gone);
      return {};
    });
    expect((await run(a, { replace: true })).leftSnapshotIds).toEqual([]);
    expect(a.count(DeleteSnapshotCommand)).toBe(1);
  });

  test.each([
    [
      'another AMI uses',
      [snapshotAnswer(), snapshotAnswer({ SnapshotId: 'snap-old', Tags: tagList(ourTags()) })],
      /AMI ami-other uses it/,
    ],
    [
      'does not carry our tags',
      [snapshotAnswer(), snapshotAnswer({ SnapshotId: 'snap-old' })],
      /has no tags of ec2-image/,
    ],
  ])('created by ec2-image leaves a snapshot that %s', async (_, snapshots, reason) => {
    const other = imageAnswer({ ImageId: 'ami-other', Name: 'other-i1' });
    const a = account({ images: [earlier, other], snapshots });
    const ami = await run(a, { replace: true, architecture: 'x86_64', bootMode: undefined, digest });
    expect(ami.leftSnapshotIds).toEqual(['snap-old']);
    expect(a.count(DeleteSnapshotCommand)).toBe(0);
    const told = a.notices.filter((notice) => notice.includes('snap-old'));
    expect(told).toEqual([expect.stringMatching(reason)]);
    expect(told[0]).toMatch(/^Keeping snapshot snap-old of the replaced AMI: /);
  });

  test('created by ec2-image whose snapshot cannot be deleted is told, and the new one stands', async () => {
    const a = account({ images: [earlier] });
    a.mock.on(DeleteSnapshotCommand).rejects(ec2Error('UnauthorizedOperation', 'no', 403));
    expect(await run(a, { replace: true })).toMatchObject({
      imageId: 'ami-new',
      leftSnapshotIds: ['snap-old'],
    });
    const told = a.notices.filter((notice) => notice.includes('snap-old'));
    expect(told).toEqual([
      expect.stringMatching(/^Could not delete snapshot snap-old of the replaced AMI: /),
    ]);
  });

  test('created by ec2-image that shares the snapshot is replaced without it', async () => {
    const shared = imageAnswer({
      Architecture: 'arm64',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: 'snap-1' } }],
    });
    const a = account({ images: [shared] });
    expect(await run(a, { replace: true })).toMatchObject({ imageId: 'ami-new', leftSnapshotIds: [] });
    expect(a.count(DeleteSnapshotCommand)).toBe(0);
  });

  test('created by ec2-image that is protected is an error', async () => {
    const a = account({ images: [{ ...earlier, DeregistrationProtection: 'enabled-with-cooldown' }] });
    await expect(run(a, { replace: true })).rejects.toMatchObject({
      code: 'AMI_PROTECTED',
      imageId: 'ami-old',
    });
    expect(a.count(DeregisterImageCommand)).toBe(0);
  });

  test('created by ec2-image that failed serves nobody and goes', async () => {
    const failed = imageAnswer({ State: 'failed', StateReason: { Message: 'oops' } });
    const a = account({ images: [failed], snapshots: [snapshotAnswer()] });
    expect(await run(a)).toMatchObject({ imageId: 'ami-new', replaced: [{ imageId: 'ami-old' }] });
  });

  test('created by ec2-image that is disabled is an error', async () => {
    const a = account({ images: [imageAnswer({ State: 'disabled' })], snapshots: [snapshotAnswer()] });
    await expect(run(a)).rejects.toMatchObject({
      code: 'AMI_DISABLED',
      hint: expect.stringContaining('enable-image --image-id ami-old --region us-east-1`'),
    });
  });
});

test("the signal's reason ends it, and the AMI is told", async () => {
  const controller = new AbortController();
  const a = account({ signal: controller.signal });
  const reason = new Error('interrupted');
  a.mock.on(DescribeTagsCommand).callsFake(() => {
    controller.abort(reason);
    throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  });
  await expect(run(a)).rejects.toBe(reason);
  expect(a.notices).toEqual(['Registered AMI ami-new.']);
});
