import { DeleteSnapshotCommand, DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { seedEc2 } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { openAccount, region, type TestAccount } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';

const test = testWith({ flags: { suffix: '1', region } });

/** Removes what an import made, and gives back the tags that its AMI had. */
async function removeMade(
  account: TestAccount,
  { imageId, snapshotId, tags }: ImportDocument['images'][number],
) {
  await account.ec2.send(new DeregisterImageCommand({ ImageId: imageId! }));
  await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId! }));
  return tags;
}

describe.each(['s3', 'ebs'])('by way of %s', (via) => {
  const way = { via, 'omit-holes': via === 'ebs' || undefined };
  test('44: a copied snapshot with our tags is not used, while our own is', async ({
    account,
    runImport,
  }) => {
    const first = await runImport({ ...way });
    expect(first).toMatchObject({ exitCode: 0, result: { outcome: 'imported' } });
    const again = await runImport({ ...way, suffix: '2' });
    expect(again.result.snapshotId).toBe(first.result.snapshotId);
    const snapshot = (await account.contents()).snapshots[0]!;
    // In an account that has nothing else: the token of a snapshot that was deleted leads to it for a while.
    await using another = await openAccount();
    const id = 'snap-0c0c0c0c0c0c0c0c0';
    seedEc2({
      directory: another.directory,
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
    const after = await runImport({ ...way, 'endpoint-url': another.aws.url });
    expect(after).toMatchObject({ exitCode: 0, result: { outcome: 'imported' } });
    expect(after.result.snapshotId).not.toBe(id);
    expect(after.stderr).toContain(`${id} is a copy of ${snapshot.SnapshotId}`);
  });

  test('45: a copied AMI with our tags and the name is in the way, and never replaced', async ({
    account,
    runImport,
  }) => {
    const tags = await removeMade(account, (await runImport({ ...way })).result);
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
      const run = await runImport({ ...way, ...flags });
      expect(run).toMatchObject({ exitCode: 1, result: { error: { code: 'AMI_NAME_TAKEN' } } });
      expect(run.result.error?.message).toContain('is a copy of ami-0a');
    }
    expect((await account.contents()).images).toHaveLength(1);
  });
});

describe('46: a key prefix without a slash', () => {
  test('is a whole path element', async ({ account, runImport }) => {
    expect(await runImport({ 'key-prefix': 'ec2', 'keep-object': true })).toMatchObject({ exitCode: 0 });
    const { objects } = await account.contents();
    expect(objects).toEqual([expect.stringMatching(/^ec2\/test-cloud-i1\/[0-9a-f]{12}\.vhdx$/)]);
  });

  test('leads to what a version uploaded that took it for the beginning of the name', async ({
    account,
    runImport,
  }) => {
    // Its key, made with what gives the same one today.
    const earlier = await runImport({ name: 'ec2test-cloud', 'key-prefix': '', 'keep-object': true });
    expect(earlier.exitCode).toBe(0);
    const { objects } = await account.contents();
    expect(objects).toEqual([expect.stringMatching(/^ec2test-cloud-i1\//)]);
    await removeMade(account, earlier.result);
    const { exitCode, result } = await runImport({ 'key-prefix': 'ec2' });
    expect(exitCode).toBe(0);
    expect(result.steps).toContainEqual(expect.objectContaining({ step: 'upload', outcome: 'reused' }));
    expect((await account.contents()).objects).toEqual([]);
  });
});
