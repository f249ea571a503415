import { DescribeImportSnapshotTasksCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { findSnapshot } from '@ec2-image/ec2-import';
import { describe, expect, test } from 'vitest';
import { bucket, digest, key, ourTags } from '../marks.ts';
import {
  ec2Error,
  type Mocked,
  mocked,
  snapshotAnswer,
  snapshotsSeen,
  taskAnswer,
  tasksSeen,
} from '../mocked.ts';

const wanted = { digest, format: 'vhdx', bucket, key } as const;
const Tags = Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value }));
const looks = ({ mock }: Mocked) => mock.commandCalls(DescribeImportSnapshotTasksCommand).length;

describe('what the account has of a snapshot', () => {
  test('a tagged one is found in one look, by its digest and among our own alone', async () => {
    const account = mocked();
    tasksSeen(account, []);
    snapshotsSeen(account, [snapshotAnswer({ Tags })]);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toEqual({
      state: 'complete',
      proof: 'tags',
      snapshot: { snapshotId: 'snap-1', sizeGiB: 5, importTaskId: 'import-snap-0', encrypted: undefined },
      tags: ourTags(),
      endedAttempts: 0,
    });
    expect(looks(account)).toBe(1);
    expect(account.mock.commandCalls(DescribeSnapshotsCommand)[0]!.args[0].input).toMatchObject({
      OwnerIds: ['self'],
      Filters: [{ Name: 'tag:ec2-image:source-digest', Values: [digest] }],
    });
  });

  test('one that only its completed task proves is fetched by its id', async () => {
    const account = mocked();
    tasksSeen(account, [taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' })]);
    snapshotsSeen(account, [], [snapshotAnswer()]);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toMatchObject({
      state: 'complete',
      proof: 'task',
      snapshot: { snapshotId: 'snap-1', importTaskId: 'import-snap-1' },
    });
    expect(account.mock.commandCalls(DescribeSnapshotsCommand)[1]!.args[0].input).toMatchObject({
      OwnerIds: ['self'],
      Filters: [{ Name: 'snapshot-id', Values: ['snap-1'] }],
    });
  });

  test('a running task is named with its progress', async () => {
    const account = mocked();
    tasksSeen(account, [
      taskAnswer({ Status: 'active', Progress: '19' }),
      taskAnswer({ Status: 'deleted' }, { ImportTaskId: 'import-snap-0' }),
    ]);
    snapshotsSeen(account, []);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toMatchObject({
      state: 'running',
      importTaskId: 'import-snap-1',
      percent: 19,
      tags: expect.any(Object),
      endedAttempts: 1,
    });
  });

  test('nothing is believed only after several looks, the most ended attempts of which count', async () => {
    const account = mocked();
    const failed = taskAnswer({ Status: 'deleted' });
    tasksSeen(account, [], [failed], []);
    snapshotsSeen(account, []);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toEqual({ state: 'none', endedAttempts: 1 });
    expect(looks(account)).toBe(3);
  });

  test('what shows late is found', async () => {
    const account = mocked();
    tasksSeen(account, [], [taskAnswer({ Status: 'active' })]);
    snapshotsSeen(account, []);
    expect((await findSnapshot({ ...account.verb, ...wanted })).state).toBe('running');
  });

  test('the snapshot of a completed task is looked for longer', async () => {
    const account = mocked();
    tasksSeen(account, [taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' })]);
    // Twice a look: by its tags, and by its id.
    const unseen = Array.from({ length: 11 }, () => []);
    snapshotsSeen(account, ...unseen, [snapshotAnswer()]);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toMatchObject({ state: 'complete' });
    expect(looks(account)).toBe(6);
  });

  test.for([
    ['of this very moment, eleven looks', undefined, 11],
    ['of days ago, three looks', '2020-01-01T00:00:00Z', 3],
  ] as const)('the deleted snapshot of a task %s', async ([, startedAt, count]) => {
    const account = mocked();
    const task = taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' });
    const started = { Key: 'ec2-image:started-at', Value: startedAt };
    const others = Tags.filter(({ Key }) => Key !== started.Key);
    tasksSeen(account, [{ ...task, Tags: startedAt ? [...others, started] : others }]);
    snapshotsSeen(account, []);
    expect(await findSnapshot({ ...account.verb, ...wanted })).toEqual({ state: 'none', endedAttempts: 1 });
    expect(looks(account)).toBe(count);
  });

  test('what is ours but not what is asked is told', async () => {
    const account = mocked();
    tasksSeen(account, []);
    snapshotsSeen(account, [snapshotAnswer({ Tags, VolumeSize: 6 })]);
    const found = await findSnapshot({ ...account.verb, ...wanted, virtualSizeBytes: 5 * 2 ** 30 });
    expect(found.state).toBe('none');
    expect(account.notices).toEqual(['Not reusing: snap-1 has 6 GiB, not 5.']);
  });

  test('fresh takes nothing, but counts every task, so that the next gets a token of its own', async () => {
    const account = mocked();
    tasksSeen(account, [
      taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' }),
      taskAnswer({ Status: 'active' }, { ImportTaskId: 'import-snap-2' }),
    ]);
    snapshotsSeen(account, [snapshotAnswer({ Tags })]);
    expect(await findSnapshot({ ...account.verb, ...wanted, fresh: true })).toEqual({
      state: 'none',
      endedAttempts: 2,
    });
  });

  test('import tasks are not asked about where nothing is going to be imported', async () => {
    const account = mocked();
    snapshotsSeen(account, [snapshotAnswer({ Tags })]);
    const found = await findSnapshot({ ...account.verb, ...wanted, importTasks: false });
    expect(found.state).toBe('complete');
    expect(looks(account)).toBe(0);
  });

  test('every page is read, the empty ones too', async () => {
    const account = mocked();
    account.mock
      .on(DescribeImportSnapshotTasksCommand)
      .resolvesOnce({ ImportSnapshotTasks: [], NextToken: 'two' })
      .resolves({ ImportSnapshotTasks: [taskAnswer({ Status: 'active' })], NextToken: '' });
    account.mock
      .on(DescribeSnapshotsCommand)
      .resolvesOnce({ NextToken: 'two' })
      .resolves({ Snapshots: [snapshotAnswer({ Tags })] });
    expect((await findSnapshot({ ...account.verb, ...wanted })).state).toBe('complete');
    const tokens = account.mock
      .commandCalls(DescribeImportSnapshotTasksCommand)
      .map(({ args }) => args[0].input.NextToken);
    expect(tokens).toEqual([undefined, 'two']);
  });

  test('what may not be listed is an error, not an absence', async () => {
    const account = mocked();
    tasksSeen(account, ec2Error('UnauthorizedOperation', 'not you', 403));
    snapshotsSeen(account, []);
    await expect(findSnapshot({ ...account.verb, ...wanted })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      operation: 'DescribeImportSnapshotTasks',
      hint: expect.stringContaining('ec2:DescribeImportSnapshotTasks'),
    });
  });
});
