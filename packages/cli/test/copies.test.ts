import { DeleteSnapshotCommand, DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { seedEc2 } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAccount, region, type TestAccount } from './support/account.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';

let images: TestImages;
let account: TestAccount;
beforeAll(async () => {
  useOwnEnvironment();
  images = await publishImages(['qcow2']);
});
afterAll(() => images[Symbol.asyncDispose]());

beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account[Symbol.asyncDispose]());

async function importImage(flags: Readonly<Record<string, unknown>> = {}) {
  const run = await runInProcess(
    importArgs({
      account,
      workDirectory: await makeWorkDirectory(),
      url: images.url('qcow2'),
      'checksum-url': images.checksumUrl,
      suffix: '1',
      region,
      ...flags,
    }),
  );
  const [image] = run.json<ImportDocument>().images;
  return { ...run, image: image! };
}

/** Removes what an import made, and gives back the tags that its AMI had. */
async function removeMade({ imageId, snapshotId, tags }: ImportDocument['images'][number]) {
  await account.ec2.send(new DeregisterImageCommand({ ImageId: imageId! }));
  await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId! }));
  return tags;
}

describe.each(['s3', 'ebs'])('by way of %s', (via) => {
  test('44: a copied snapshot with our tags is not used, while our own is', async () => {
    const first = await importImage({ via });
    expect(first).toMatchObject({ exitCode: 0, image: { outcome: 'imported' } });
    const again = await importImage({ via, suffix: '2' });
    expect(again.image.snapshotId).toBe(first.image.snapshotId);
    const snapshot = (await account.contents()).snapshots[0]!;
    // In an account that has nothing else: the token of a snapshot that was deleted leads to it for a while.
    await account[Symbol.asyncDispose]();
    account = await openAccount();
    const id = 'snap-0c0c0c0c0c0c0c0c0';
    seedEc2({
      directory: account.directory,
      snapshots: [
        {
          id,
          createdAt: 0,
          volumeSizeGiB: snapshot.VolumeSize,
          description: `[Copied ${snapshot.SnapshotId} from us-west-2] ${snapshot.Description}`,
          tags: tagRecord(snapshot.Tags),
        },
      ],
    });
    const after = await importImage({ via });
    expect(after).toMatchObject({ exitCode: 0, image: { outcome: 'imported' } });
    expect(after.image.snapshotId).not.toBe(id);
    expect(after.stderr).toContain(`${id} is a copy of ${snapshot.SnapshotId}`);
  });

  test('45: a copied AMI with our tags and the name is in the way, and never replaced', async () => {
    const tags = await removeMade((await importImage({ via })).image);
    seedEc2({
      directory: account.directory,
      images: [
        {
          name: 'test-cloud-i1',
          snapshotIds: [],
          tags,
          sourceImageId: 'ami-0a',
          sourceImageRegion: 'us-west-2',
        },
      ],
    });
    for (const flags of [{}, { replace: true }]) {
      const run = await importImage({ via, ...flags });
      expect(run).toMatchObject({ exitCode: 1, image: { error: { code: 'AMI_NAME_TAKEN' } } });
      expect(run.image.error?.message).toContain('is a copy of ami-0a');
    }
    expect((await account.contents()).images).toHaveLength(1);
  });
});

describe('46: a key prefix without a slash', () => {
  test('is a whole path element', async () => {
    expect(await importImage({ 'key-prefix': 'ec2', 'keep-object': true })).toMatchObject({ exitCode: 0 });
    const { objects } = await account.contents();
    expect(objects).toEqual([expect.stringMatching(/^ec2\/test-cloud-i1\/[0-9a-f]{12}\.vhdx$/)]);
  });

  test('leads to what a version uploaded that took it for the beginning of the name', async () => {
    // Its key, made with what gives the same one today.
    const earlier = await importImage({ name: 'ec2test-cloud', 'key-prefix': '', 'keep-object': true });
    expect(earlier.exitCode).toBe(0);
    const { objects } = await account.contents();
    expect(objects).toEqual([expect.stringMatching(/^ec2test-cloud-i1\//)]);
    await removeMade(earlier.image);
    const { exitCode, image } = await importImage({ 'key-prefix': 'ec2' });
    expect(exitCode).toBe(0);
    expect(image.steps).toContainEqual(expect.objectContaining({ step: 'upload', outcome: 'reused' }));
    expect((await account.contents()).objects).toEqual([]);
  });
});
