import { ImportSnapshotCommand } from '@aws-sdk/client-ec2';
import {
  deleteSnapshot,
  findSnapshot,
  importSnapshot,
  tagResources,
  waitForImport,
} from '@ec2-image/ec2-import';
import type { FaultAction, FaultRule } from '@ec2-image/local-aws';
import { readProvenance, tagRecord } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { test, uploadDisk, verbs } from './account.ts';

const once = (operation: string, action: FaultAction, rule: Partial<FaultRule> = {}): FaultRule => ({
  match: { service: 'ec2', operation },
  action,
  ...rule,
});

describe('an import', () => {
  test('ends in a snapshot that is found by its task, and once it is tagged by its tags', async ({
    account,
  }) => {
    const verb = verbs(account);
    const disk = await uploadDisk(account, { format: 'vhdx' });
    expect(await findSnapshot({ ...verb, ...disk.find })).toEqual({ state: 'none', endedAttempts: 0 });

    const progress: string[] = [];
    const onProgress = ({ status, message }: { status: string; message?: string }) =>
      progress.push(`${status} ${message}`);
    const started: string[] = [];
    const onStarted = (importTaskId: string) => started.push(importTaskId);
    const snapshot = await importSnapshot({ ...verb, ...disk.import, onProgress, onStarted });
    expect(started).toEqual([snapshot.importTaskId]);
    expect(snapshot).toMatchObject({ sizeGiB: 1, importTaskId: expect.stringMatching(/^import-snap-/) });
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.at(-1)).toMatch(/^completed/);

    expect(await findSnapshot({ ...verb, ...disk.find })).toMatchObject({
      state: 'complete',
      proof: 'task',
      snapshot,
    });
    await tagResources({ ...verb, ids: [snapshot.snapshotId], tags: disk.tags });
    expect(await findSnapshot({ ...verb, ...disk.find })).toMatchObject({ state: 'complete', proof: 'tags' });

    const { tasks, snapshots } = await account.contents();
    expect(tasks).toHaveLength(1);
    expect(tagRecord(tasks[0]!.Tags)).toMatchObject(disk.tags);
    expect(readProvenance(tagRecord(tasks[0]!.Tags))?.startedAt).toBeInstanceOf(Date);
    expect(snapshots.map(({ Tags }) => tagRecord(Tags))).toEqual([disk.tags]);
    expect(verb.notices).toEqual([]);
  });

  describe('that runs already', () => {
    // For longer than a look takes on a busy machine.
    test.override('importTaskMs', 2500);

    test('is found, and the run waits for it', async ({ account }) => {
      const verb = verbs(account);
      const disk = await uploadDisk(account);
      const { tags, object, clientTokenFor } = disk.import;
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await account.observer.ec2.send(
        new ImportSnapshotCommand({
          ClientToken: clientTokenFor(1),
          DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: object.bucket, S3Key: object.key } },
          TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags }],
        }),
      );
      const found = await findSnapshot({ ...verb, ...disk.find });
      if (found.state !== 'running') throw new Error(`it is ${found.state}`);
      const snapshot = await waitForImport({ ...verb, importTaskId: found.importTaskId });
      // The same token with another description: somebody else's run, whose work is taken.
      expect(await importSnapshot({ ...verb, ...disk.import })).toEqual(snapshot);
      expect((await account.contents()).tasks).toHaveLength(1);
    });
  });

  test('that two runs start at once is one', async ({ account }) => {
    const disk = await uploadDisk(account);
    const one = importSnapshot({ ...verbs(account), ...disk.import });
    const two = importSnapshot({
      ...verbs(account),
      ...disk.import,
      tags: { ...disk.tags, 'ec2-image:version': '2.0.0' },
    });
    const [first, second] = await Promise.all([one, two]);
    expect(second.snapshotId).toBe(first.snapshotId);
    const { tasks, snapshots } = await account.contents();
    expect([tasks.length, snapshots.length]).toEqual([1, 1]);
  });
});

// Each call gets it once, on top of one another: whatever is lost is looked up, and the look-up is lost too.
test.for<[string, FaultAction]>([
  ['an internal error before it acts', { kind: 'error', preset: 'internal-error' }],
  ['an internal error after it acted', { kind: 'error', preset: 'internal-error', when: 'after' }],
  ['a reset before it acts', { kind: 'drop' }],
  ['a reset after it acted', { kind: 'drop', when: 'after' }],
  ['half an answer', { kind: 'cut', afterBytes: 100 }],
  ['throttling', { kind: 'error', preset: 'throttling' }],
])('%s', async ([_, action], { account }) => {
  const verb = verbs(account);
  const disk = await uploadDisk(account);
  for (const operation of [
    'ImportSnapshot',
    'DescribeImportSnapshotTasks',
    'DescribeSnapshots',
    'CreateTags',
  ])
    account.aws.faults.add(once(operation, action));
  const { snapshotId } = await importSnapshot({ ...verb, ...disk.import });
  await tagResources({ ...verb, ids: [snapshotId], tags: disk.tags });
  const { tasks, snapshots } = await account.contents();
  expect(tasks).toHaveLength(1);
  expect(snapshots.map(({ SnapshotId, Tags }) => [SnapshotId, tagRecord(Tags)])).toEqual([
    [snapshotId, disk.tags],
  ]);
  expect(account.aws.faults.list().map(({ struck }) => struck)).toEqual([1, 1, 1, 1]);
});

test('no answer in time costs no second import', async ({ account }) => {
  const verb = verbs({ ec2: account.hurried });
  const disk = await uploadDisk(account);
  for (const operation of ['ImportSnapshot', 'DescribeImportSnapshotTasks'])
    account.aws.faults.add(once(operation, { kind: 'hang', when: 'after' }));
  const { snapshotId } = await importSnapshot({ ...verb, ...disk.import });
  const { tasks, snapshots } = await account.contents();
  expect(tasks).toHaveLength(1);
  expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([snapshotId]);
  expect(account.aws.faults.list().map(({ struck }) => struck)).toEqual([1, 1]);
});

describe('a task that fails', () => {
  const failing = (statusMessage: string) => once('ImportSnapshot', { kind: 'task-fails', statusMessage });

  test('its validation is tried again', async ({ account }) => {
    const verb = verbs(account);
    const disk = await uploadDisk(account);
    account.aws.faults.add(failing('ClientError: Disk validation failed'));
    await importSnapshot({ ...verb, ...disk.import });
    const { tasks } = await account.contents();
    expect(tasks.map(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status).sort()).toEqual([
      'completed',
      'deleted',
    ]);
    // Beside it may stand that the second attempt was found, where the answer to its call was lost.
    expect(verb.notices).toContainEqual(
      expect.stringMatching(/Disk validation failed; importing again in 0 s \(attempt 2 of 3\)/),
    );
    expect(await findSnapshot({ ...verb, ...disk.find })).toMatchObject({
      state: 'complete',
      endedAttempts: 1,
    });
  });

  test('for want of permission fails at once, and the next run gets a token of its own', async ({
    account,
  }) => {
    const verb = verbs(account);
    const disk = await uploadDisk(account);
    account.aws.faults.add(failing('ClientError: Disk validation failed [Reason 403 Forbidden]'));
    await expect(importSnapshot({ ...verb, ...disk.import })).rejects.toMatchObject({
      code: 'IMPORT_NOT_PERMITTED',
    });
    const { state, endedAttempts } = await findSnapshot({ ...verb, ...disk.find });
    expect({ state, endedAttempts }).toEqual({ state: 'none', endedAttempts: 1 });
    await importSnapshot({ ...verb, ...disk.import, endedAttempts });
    expect((await account.contents()).tasks).toHaveLength(2);
  });

  test('because the object is not a disk of its format says so', async ({ account }) => {
    const disk = await uploadDisk(account, {
      format: 'vhdx',
      body: Buffer.from('<html>not found</html>'.repeat(1000)),
    });
    await expect(importSnapshot({ ...verbs(account), ...disk.import })).rejects.toMatchObject({
      code: 'IMPORT_FORMAT_REFUSED',
    });
    expect((await account.contents()).tasks).toHaveLength(1);
  });

  test('before it starts says what is wrong with role and object', async ({ account }) => {
    const disk = await uploadDisk(account);
    const role = importSnapshot({ ...verbs(account), ...disk.import, roleName: 'nobody' });
    await expect(role).rejects.toMatchObject({
      code: 'IMPORT_NOT_PERMITTED',
      hint: expect.stringContaining('role nobody'),
    });
    const object = { ...disk.import.object, key: `${disk.import.object.key}.gone` };
    const gone = importSnapshot({ ...verbs(account), ...disk.import, object });
    await expect(gone).rejects.toMatchObject({ code: 'IMPORT_OBJECT_MISSING' });
    expect((await account.contents()).tasks).toEqual([]);
  });
});

describe('a task that stalls', () => {
  test('is cancelled, and the import tried again', async ({ account }) => {
    const verb = verbs(account);
    const disk = await uploadDisk(account);
    account.aws.faults.add(once('ImportSnapshot', { kind: 'task-stalls', progress: 19 }));
    await importSnapshot({ ...verb, ...disk.import, taskTimeoutMs: 300 });
    const { tasks } = await account.contents();
    // Some complete while they are cancelled, and are taken.
    const ends = tasks.map(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status).sort();
    expect([['cancelled', 'completed'], ['completed']]).toContainEqual(ends);
  });

  test('and completes while it is cancelled is taken', async ({ account }) => {
    const verb = verbs(account);
    const disk = await uploadDisk(account);
    account.aws.faults.add(once('ImportSnapshot', { kind: 'task-stalls', progress: 19 }));
    account.aws.faults.add(once('CancelImportTask', { kind: 'completes-while-cancelling' }));
    await importSnapshot({ ...verb, ...disk.import, taskTimeoutMs: 300 });
    expect((await account.contents()).tasks).toHaveLength(1);
    expect(verb.notices.at(-1)).toMatch(/completed while it was being cancelled/);
  });
});

test('a snapshot that this run deleted is passed over while EC2 still shows it', async ({ account }) => {
  const verb = verbs(account);
  const disk = await uploadDisk(account);
  const { snapshotId } = await importSnapshot({ ...verb, ...disk.import });
  await tagResources({ ...verb, ids: [snapshotId], tags: disk.tags });
  account.aws.faults.add(once('DeleteSnapshot', { kind: 'unseen', ms: 60_000 }));
  await deleteSnapshot({ ...verb, snapshotId });
  expect(await findSnapshot({ ...verb, ...disk.find })).toMatchObject({ state: 'complete' });
  expect(await findSnapshot({ ...verb, ...disk.find, except: [snapshotId] })).toMatchObject({
    state: 'none',
  });
});

test.for([
  ['after a lost answer', { kind: 'drop', when: 'after' }],
  ['where the token was spent', { kind: 'error', status: 400, code: 'IdempotentParameterMismatch' }],
] as const)('nor is it taken %s', async ([, action], { account }) => {
  const verb = verbs(account);
  const disk = await uploadDisk(account);
  const discarded: string[] = [];
  const unwanted = new AbortController();
  const reason = new Error('it is not the image');
  account.aws.faults.add(once('ImportSnapshot', { kind: 'task-stalls', progress: 19 }));
  account.aws.faults.add(once('CancelImportTask', { kind: 'completes-while-cancelling' }));
  account.aws.faults.add(once('DeleteSnapshot', { kind: 'unseen', ms: 60_000 }));
  const ended = importSnapshot({
    ...{ ...verb, ...disk.import, unwanted: unwanted.signal },
    onProgress: () => unwanted.abort(reason),
    onDiscarded: (snapshotId) => void discarded.push(snapshotId),
  });
  await expect(ended).rejects.toBe(reason);
  expect(discarded).toHaveLength(1);
  account.aws.faults.add(once('ImportSnapshot', action));
  const again = await importSnapshot({ ...verb, ...disk.import, endedAttempts: 1, except: discarded });
  expect(discarded).not.toContain(again.snapshotId);
  expect((await account.contents()).snapshots).toContainEqual(
    expect.objectContaining({ SnapshotId: again.snapshotId, State: 'completed' }),
  );
});

test('waits for what EC2 does not show yet', async ({ account }) => {
  const verb = verbs(account);
  const disk = await uploadDisk(account);
  account.aws.faults.add(once('ImportSnapshot', { kind: 'unseen', ms: 300 }));
  account.aws.faults.add(once('CreateTags', { kind: 'unseen', ms: 300 }, { times: 'always' }));
  const { snapshotId } = await importSnapshot({ ...verb, ...disk.import });
  const [report] = await tagResources({ ...verb, ids: [snapshotId], tags: disk.tags });
  expect(report?.added).toEqual(Object.keys(disk.tags));
});

test('expired credentials end the wait at once, and the next run takes the task', async ({ account }) => {
  const verb = verbs(account);
  const disk = await uploadDisk(account);
  account.aws.faults.add(
    once('DescribeImportSnapshotTasks', { kind: 'error', preset: 'expired-token' }, { nth: 2 }),
  );
  await expect(importSnapshot({ ...verb, ...disk.import })).rejects.toMatchObject({
    code: 'CREDENTIALS_EXPIRED',
  });
  expect(verb.notices).toEqual([expect.stringMatching(/may still be running/)]);
  await importSnapshot({ ...verb, ...disk.import });
  expect((await account.contents()).tasks).toHaveLength(1);
});

describe('a running task', () => {
  // Running still when its first progress is seen, on a busy machine too.
  test.override('importTaskMs', 2500);

  test.for<[boolean, RegExp, RegExp]>([
    [false, /^completed$/, /still running on AWS/],
    // Some complete while they are cancelled; and EC2 may not know a new task everywhere, which is told.
    [true, /^(cancelled|completed)$/, /^Cancelling import task import-snap-|was not cancelled/],
  ])(
    'that is interrupted with cancelOnAbort %s is %s',
    async ([cancelOnAbort, status, notice], { account }) => {
      const verb = verbs(account);
      const disk = await uploadDisk(account);
      const controller = new AbortController();
      const reason = new Error('interrupted');
      const onProgress = () => controller.abort(reason);
      const interrupted = importSnapshot({
        ...verb,
        ...disk.import,
        cancelOnAbort,
        onProgress,
        signal: controller.signal,
      });
      await expect(interrupted).rejects.toBe(reason);
      expect(verb.notices).toEqual([expect.stringMatching(notice)]);
      await expect
        .poll(
          async () =>
            (await account.contents()).tasks.map(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status),
          { timeout: 20_000 },
        )
        .toEqual([expect.stringMatching(status)]);
    },
  );
});
