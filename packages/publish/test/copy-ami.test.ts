import {
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DisableImageCommand,
  EC2Client,
  EnableImageDeregistrationProtectionCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { type SeedImage, seedEc2 } from '@ec2-image/local-aws';
import { openTestAccount } from '@ec2-image/local-aws/testing';
import { copyOfKey, provenanceKeys, tagRecord } from '@ec2-image/provenance';
import { type CopyAmiOptions, copyAmi } from '@ec2-image/publish';
import { test as base, describe, expect } from 'vitest';

const [sourceRegion, region] = ['us-east-1', 'eu-west-1'];
const id = (type: 'ami' | 'snap', number: number) => `${type}-${String(number).padStart(17, '0')}`;
const name = 'debian-i1';
const [sourceId, gone, oldCopy, oldSnapshot] = [id('ami', 1), id('ami', 2), id('ami', 3), id('snap', 3)];
const tags = {
  Name: name,
  [provenanceKeys.name]: 'debian',
  [provenanceKeys.sourceDigest]: `sha256:${'ab'.repeat(32)}`,
};

/** Of an AMI that was replaced in the region of its import. */
const copyOfGone: SeedImage = {
  id: oldCopy,
  name,
  snapshotIds: [oldSnapshot],
  sourceImageId: gone,
  sourceImageRegion: sourceRegion,
  tags: { ...tags, [copyOfKey]: `${gone} ${region}` },
};

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('scene', async ({}, { onCleanup }) => {
  const account = await openTestAccount({ conditions: 'adverse' });
  onCleanup(() => account[Symbol.asyncDispose]());
  const { directory, observer } = account;
  seedEc2({
    directory,
    region: sourceRegion,
    snapshots: [{ id: id('snap', 1) }],
    images: [{ id: sourceId, name, snapshotIds: [id('snap', 1)], tags }],
  });
  const { Images: [source] = [] } = await observer
    .client(EC2Client)
    .send(new DescribeImagesCommand({ ImageIds: [sourceId] }));
  const watching = observer.client(EC2Client, { region });
  let time = Date.now();
  // Sleeping takes no time.
  const clock = {
    now: () => time,
    random: () => 0.5,
    async sleep(ms: number) {
      time += ms;
    },
  };
  const notices: string[] = [];
  return {
    account,
    notices,
    watching,
    seed: (image: SeedImage) =>
      seedEc2({
        directory,
        region,
        snapshots: image.snapshotIds.map((snapshot) => ({ id: snapshot })),
        images: [image],
      }),
    copy: (options: Partial<CopyAmiOptions> = {}) =>
      copyAmi({
        client: account.client(EC2Client, { region }),
        clock,
        region,
        sourceRegion,
        source: source!,
        onNotice: (message) => notices.push(message),
        ...options,
      }),
    failCopies: (times: number) =>
      account.aws.faults.add({
        match: { operation: 'CopyImage', region },
        times,
        action: { kind: 'copy-fails', statusMessage: 'Internal error' },
      }),
    /** What the region has, whatever reads would show. */
    async contents(): Promise<{ images: Image[]; snapshots: number }> {
      const { Images = [] } = await watching.send(
        new DescribeImagesCommand({ Owners: ['self'], IncludeDisabled: true }),
      );
      const { Snapshots = [] } = await watching.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
      return { images: Images, snapshots: Snapshots.length };
    },
  };
});

describe('a copy that has failed', () => {
  test('is deregistered with its snapshot, and copied again', async ({ scene }) => {
    scene.failCopies(1);
    const { outcome, image } = await scene.copy();
    expect([outcome, image.State]).toEqual(['copied', 'available']);
    expect(await scene.contents()).toMatchObject({ images: [{ ImageId: image.ImageId }], snapshots: 1 });
    expect(tagRecord(image.Tags)[copyOfKey]).toBe(`${sourceId} ${region}`);
    expect((await scene.copy()).outcome).toBe('reused');
  });

  test('as often as one run copies is told, and made up for by the next', async ({ scene }) => {
    scene.failCopies(3);
    await expect(scene.copy()).rejects.toMatchObject({ code: 'COPY_FAILED' });
    expect((await scene.contents()).images).toMatchObject([{ State: 'failed' }]);
    const { outcome, image } = await scene.copy();
    expect(outcome).toBe('copied');
    expect(await scene.contents()).toMatchObject({ images: [{ ImageId: image.ImageId }], snapshots: 1 });
  });
});

test('a copy that is disabled is told with the command that enables it', async ({ scene }) => {
  const { image } = await scene.copy();
  const imageId = image.ImageId!;
  await scene.watching.send(new DisableImageCommand({ ImageId: imageId }));
  await expect(scene.copy({ replace: true })).rejects.toMatchObject({
    code: 'COPY_FAILED',
    hint: expect.stringContaining(`aws ec2 enable-image --image-id ${imageId} --region ${region}`),
  });
});

describe('a copy of an earlier AMI of the name', () => {
  test('is deregistered with its snapshot where it is to be replaced', async ({ scene }) => {
    scene.seed(copyOfGone);
    const { outcome, image } = await scene.copy({ replace: true });
    expect(outcome).toBe('copied');
    expect(await scene.contents()).toMatchObject({
      images: [{ ImageId: image.ImageId, SourceImageId: sourceId }],
      snapshots: 1,
    });
    expect(scene.notices.join()).toContain(`deregistered ${oldCopy} in ${region}`);
  });

  test.for<[string, SeedImage, string, RegExp]>([
    [
      'another stream',
      { ...copyOfGone, tags: { ...copyOfGone.tags, [provenanceKeys.name]: 'fedora' } },
      'COPY_NAME_TAKEN',
      /^Deregister that AMI/,
    ],
    ['another architecture', { ...copyOfGone, architecture: 'arm64' }, 'COPY_NAME_TAKEN', /^Deregister/],
    ['another region', { ...copyOfGone, sourceImageRegion: 'us-west-2' }, 'COPY_NAME_TAKEN', /^Deregister/],
    ['somebody else', { ...copyOfGone, tags }, 'COPY_NAME_TAKEN', /^Deregister/],
  ])('stays where it is of %s', async ([, image, code, hint], { scene }) => {
    scene.seed(image);
    await expect(scene.copy({ replace: true })).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
    expect((await scene.contents()).images).toMatchObject([{ ImageId: oldCopy }]);
  });

  test('stays without --replace, which the error names, and where it is protected', async ({ scene }) => {
    scene.seed(copyOfGone);
    await expect(scene.copy()).rejects.toMatchObject({
      code: 'COPY_NAME_TAKEN',
      hint: expect.stringContaining('--replace'),
      facts: { imageId: oldCopy },
    });
    await scene.watching.send(
      new EnableImageDeregistrationProtectionCommand({ ImageId: oldCopy, WithCooldown: false }),
    );
    // Reads may lag behind: then EC2 says it.
    await expect(scene.copy({ replace: true })).rejects.toMatchObject({
      code: 'AMI_PROTECTED',
      hint: expect.stringContaining(`--image-id ${oldCopy} --region ${region}`),
    });
    expect(await scene.contents()).toMatchObject({ images: [{ ImageId: oldCopy }], snapshots: 1 });
  });
});
