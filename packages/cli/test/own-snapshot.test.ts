import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { tagRecord } from '@ec2-image/provenance';
import { undisturbedCalls } from './support/account.ts';
import { callPoints, crashAt } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { areEqualDisks, type ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { isExhaustive, runSample } from './support/sample.ts';

const test = testWith({
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 16 },
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one' },
})
  .extend('first', async ({ runImport }) => (await runImport()).result)
  .extend('runOwn', ({ runImport }) => (flags = {}) => {
    return runImport({ suffix: 'two', 'own-snapshot': true, ...flags });
  })
  .extend('snapshot', ({ account }) => async (id: string | null) => {
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id!] }));
    return Snapshots![0]!;
  });

test('AMIs of one image share its snapshot, and one that is to have its own gets a copy, once', {
  timeout: 240_000,
}, async ({ account, images, argsOf, first, runImport, runOwn, snapshot }) => {
  const shared = (await runImport({ suffix: 'shared' })).result;
  expect(shared.snapshotId).toBe(first.snapshotId);

  const planned = await runInProcess(['plan', ...argsOf({ suffix: 'two', 'own-snapshot': true }).slice(1)]);
  expect([planned.exitCode, planned.stdout], planned.stderr).toEqual([
    3,
    expect.stringContaining(`copy ${first.snapshotId}`),
  ]);
  const { result, exitCode, stderr } = await runOwn();
  expect([exitCode, result.outcome], stderr).toEqual([0, 'imported']);
  expect(result.snapshotId).not.toBe(first.snapshotId);
  const copy = await snapshot(result.snapshotId);
  expect(copy.Description).toBe(`ec2-image ${first.source.digest}, copied from ${first.snapshotId}`);
  expect(tagRecord(copy.Tags)).toMatchObject({
    Name: 'test-cloud-itwo',
    'ec2-image:source-digest': first.source.digest,
    'ec2-image:proof': 'full',
    'ec2-image:holes': 'omitted',
  });
  expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);

  expect((await runOwn()).result).toMatchObject({ outcome: 'reused', imageId: result.imageId });
  // What was made for this AMI, and no other has, is not copied.
  const alone = (await runOwn({ suffix: 'alone', fresh: true })).result;
  expect(tagRecord((await snapshot(alone.snapshotId)).Tags)).toMatchObject({ Name: 'test-cloud-ialone' });
  expect((await snapshot(alone.snapshotId)).Description).toBe(`ec2-image ${first.source.digest}`);
  expect(undisturbedCalls(account, 'CopySnapshot').length).toBeLessThanOrEqual(1);

  const conflict = await runOwn({ suffix: 'shared' });
  expect([conflict.exitCode, conflict.result.error], conflict.stderr).toMatchObject([
    1,
    { code: 'AMI_NAME_TAKEN_BY_OURS', message: expect.stringContaining('its snapshot is also that of ami-') },
  ]);
  const replaced = (await runOwn({ suffix: 'shared', replace: true })).result;
  expect(replaced.outcome).toBe('imported');
  const { images: amis, snapshots } = await account.contents();
  const rootsOf = amis.map(({ BlockDeviceMappings }) => BlockDeviceMappings![0]!.Ebs!.SnapshotId);
  expect(new Set(rootsOf).size).toBe(4);
  expect(snapshots.map(({ SnapshotId }) => SnapshotId).sort()).toEqual(rootsOf.sort());

  const janitor = await runInProcess(['janitor', '--endpoint-url', account.aws.url, '--older-than', '0s']);
  expect([janitor.exitCode, janitor.stdout], janitor.stderr).toEqual([
    0,
    expect.stringContaining('No leftovers found.'),
  ]);
});

test('the copy of an encrypted snapshot has its key; --verify compares it, too', {
  timeout: 240_000,
}, async ({ account, runImport, runOwn, snapshot }) => {
  const { KeyMetadata } = await account.client(KMSClient).send(new CreateKeyCommand({}));
  const key = KeyMetadata!.Arn!;
  const encrypted = { encrypt: true, 'kms-key': key };
  const first = (await runImport(encrypted)).result;
  for (const [suffix, flags] of Object.entries({
    asked: { ...encrypted, verify: true, 'allow-absent': true },
    unasked: {},
  })) {
    const { result, exitCode, stderr } = await runOwn({
      suffix,
      verify: true,
      'allow-absent': true,
      ...flags,
    });
    expect(exitCode, stderr).toBe(0);
    if (suffix === 'asked') expect(stderr).toContain(`${result.snapshotId} matches the disk`);
    expect(result.snapshotId).not.toBe(first.snapshotId);
    expect(await snapshot(result.snapshotId)).toMatchObject({ Encrypted: true, KmsKeyId: key });
  }
});

test('the run repeats a copy that has failed; one that always fails leaves nothing, and says why', async ({
  account,
  first,
  runOwn,
}) => {
  const copyFails = (times: number | 'always') =>
    account.aws.faults.add({
      match: { operation: 'CopySnapshot' },
      times,
      action: { kind: 'copy-fails', statusMessage: 'Given key ID is not accessible' },
    });
  copyFails(1);
  const { result, exitCode, stderr } = await runOwn();
  expect([exitCode, result.outcome], stderr).toEqual([0, 'imported']);
  copyFails('always');
  // CopySnapshot has no token: what a call has made whose answer is lost may have failed before anybody sees it.
  account.aws.faults.add({
    match: { operation: 'CopySnapshot' },
    nth: 3,
    action: { kind: 'drop', when: 'after' },
  });
  const failed = await runOwn({ suffix: 'three' });
  expect([failed.exitCode, failed.result.error], failed.stderr).toMatchObject([
    1,
    { code: 'SNAPSHOT_FAILED', message: expect.stringContaining('Given key ID is not accessible') },
  ]);
  const { snapshots } = await account.contents();
  expect(snapshots.map(({ SnapshotId }) => SnapshotId).sort()).toEqual(
    [first.snapshotId, result.snapshotId].sort(),
  );
});

test('killed before and after each of its calls, one more run leaves two AMIs with a snapshot each', {
  timeout: isExhaustive ? 1_200_000 : 120_000,
}, async ({ account, argsOf, runImport, runOwn }) => {
  await runImport();
  const before = account.aws.calls.list().at(-1)!.sequence;
  await runOwn({ suffix: 'recorded' });
  const points = callPoints(account.aws.calls.list({ after: before }));
  let killed = 0;
  const { done, failures, seed } = await runSample(
    [...points.entries()],
    async ([index, point]) => {
      const { snapshots: earlier } = await account.contents();
      const args = argsOf({ suffix: `killed-${index}`, 'own-snapshot': true });
      if (await crashAt({ account, args }, point)) killed += 1;
      const end = await runInProcess(args);
      expect(end.exitCode, end.stderr).toBe(0);
      const { images: amis, snapshots } = await account.contents();
      expect(snapshots.length).toBe(earlier.length + 1);
      const { imageId, snapshotId } = end.json<ImportDocument>().images[0]!;
      const users = amis.filter(({ BlockDeviceMappings }) =>
        BlockDeviceMappings!.some(({ Ebs }) => Ebs?.SnapshotId === snapshotId),
      );
      expect(users.map(({ ImageId }) => ImageId)).toEqual([imageId]);
    },
    // Snapshots are counted in the one account.
    { size: 3, sideBySide: 1 },
  );
  console.log(
    `crash matrix of own-snapshot: ${done} of ${points.length} points, ${killed} killed, seed ${seed}`,
  );
  expect(failures).toEqual([]);
  expect(killed).toBeGreaterThan(isExhaustive ? done / 2 : 0);
});
