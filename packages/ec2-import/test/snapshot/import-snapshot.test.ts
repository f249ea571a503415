import {
  CancelImportTaskCommand,
  DeleteSnapshotCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  ImportSnapshotCommand,
} from '@aws-sdk/client-ec2';
import { type ImportSnapshotOptions, importSnapshot } from '@ec2-image/ec2-import';
import { describe, expect, test, vi } from 'vitest';
import { bucket, digest, key, ourTags } from '../marks.ts';
import {
  connectionReset,
  ec2Error,
  type Mocked,
  mocked,
  snapshotAnswer,
  snapshotsSeen,
  taskAnswer,
  tasksSeen,
} from '../mocked.ts';

const completed = taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' });
const validationFailed = { Status: 'deleted', StatusMessage: 'ClientError: Disk validation failed' };
const request = {
  object: { bucket, key },
  format: 'vhdx',
  digest,
  virtualSizeBytes: 5 * 2 ** 30,
  tags: { ...ourTags(), 'ec2-image:started-at': '2026-11-22T10:00:00Z' },
  clientTokenFor: (attempt: number) => `token-${attempt}`,
} as const;

/** An account that starts what it is told to, one task after the other. */
function starting() {
  const account = mocked();
  let started = 0;
  account.mock.on(ImportSnapshotCommand).callsFake(() => {
    started += 1;
    return { ImportTaskId: `import-snap-${started}`, SnapshotTaskDetail: { Status: 'active' } };
  });
  account.mock.on(DeleteSnapshotCommand).resolves({});
  snapshotsSeen(account, [snapshotAnswer()]);
  return account;
}

/** How each task ends, by its id; what is listed without an id is none. */
function tasksEnding({ mock }: Mocked, ends: Record<string, ReturnType<typeof taskAnswer>>) {
  mock.on(DescribeImportSnapshotTasksCommand).callsFake(({ ImportTaskIds = [] }) => ({
    ImportSnapshotTasks: ImportTaskIds.map((id: string) => ({ ...ends[id], ImportTaskId: id })),
  }));
}

const run = ({ verb }: Mocked, options: Partial<ImportSnapshotOptions> = {}) =>
  importSnapshot({ ...verb, ...request, ...options });
const tokens = ({ mock }: Mocked) =>
  mock.commandCalls(ImportSnapshotCommand).map(({ args }) => args[0].input.ClientToken);
const deleted = ({ mock }: Mocked) =>
  mock.commandCalls(DeleteSnapshotCommand).map(({ args }) => args[0].input.SnapshotId);

describe('an import', () => {
  test('sends what does not vary between runs, with its token', async () => {
    const account = starting();
    tasksSeen(account, [completed]);
    const snapshot = await run(account, {
      encrypted: true,
      kmsKeyId: 'k1',
      roleName: 'importer',
      endedAttempts: 2,
    });
    expect(snapshot).toMatchObject({ snapshotId: 'snap-1', sizeGiB: 5, importTaskId: 'import-snap-1' });
    expect(account.mock.commandCalls(ImportSnapshotCommand).map(({ args }) => args[0].input)).toEqual([
      {
        ClientToken: 'token-3',
        Description: key,
        DiskContainer: { Description: key, Format: 'VHDX', UserBucket: { S3Bucket: bucket, S3Key: key } },
        Encrypted: true,
        KmsKeyId: 'k1',
        RoleName: 'importer',
        TagSpecifications: [
          {
            ResourceType: 'import-snapshot-task',
            Tags: Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      },
    ]);
  });

  test('whose snapshot lost its end is not taken', async () => {
    const account = starting();
    tasksSeen(account, [completed]);
    await expect(run(account, { virtualSizeBytes: 5 * 2 ** 30 + 1 })).rejects.toMatchObject({
      code: 'SNAPSHOT_TOO_SMALL',
      sizeGiB: 5,
      expectedGiB: 6,
    });
  });
});

describe('a failed validation', () => {
  test('is retried with a new token, after a longer pause and a check of the object, its snapshot deleted', async () => {
    const account = starting();
    tasksEnding(account, {
      'import-snap-1': taskAnswer({ ...validationFailed, SnapshotId: 'snap-half' }),
      'import-snap-2': taskAnswer(validationFailed),
      'import-snap-3': completed,
    });
    const beforeRetry = vi.fn(async () => undefined);
    const snapshot = await run(account, { beforeRetry, endedAttempts: 1 });
    expect(snapshot.importTaskId).toBe('import-snap-3');
    expect(tokens(account)).toEqual(['token-2', 'token-3', 'token-4']);
    expect(deleted(account)).toEqual(['snap-half']);
    expect(account.clock.elapsedMs).toBe(30_000 + 60_000);
    expect(beforeRetry.mock.calls).toEqual([
      [{ attempt: 1, error: expect.objectContaining({ code: 'IMPORT_FAILED' }) }],
      [{ attempt: 2, error: expect.objectContaining({ code: 'IMPORT_FAILED' }) }],
    ]);
    expect(account.notices).toContainEqual(expect.stringMatching(/again in 60 s \(attempt 3 of 3\)/));
  });

  test('is given up after the attempts that are allowed', async () => {
    const account = starting();
    tasksEnding(account, {
      'import-snap-1': taskAnswer(validationFailed),
      'import-snap-2': taskAnswer(validationFailed),
    });
    const failure = run(account, { attempts: 2 });
    await expect(failure).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      attempts: 2,
      message: expect.stringMatching(/^gave up after 2 imports/),
    });
    expect(tokens(account)).toEqual(['token-1', 'token-2']);
  });

  test('is not tried again where the object is no longer what it was', async () => {
    const account = starting();
    tasksSeen(account, [taskAnswer(validationFailed)]);
    const changed = new Error('the object has changed');
    await expect(run(account, { beforeRetry: () => Promise.reject(changed) })).rejects.toBe(changed);
    expect(tokens(account)).toEqual(['token-1']);
  });
});

test.each([
  ['ClientError: Disk validation failed [Reason 403 Forbidden]', 'IMPORT_NOT_PERMITTED'],
  ['ClientError: Disk validation failed [Unsupported VMDK File Format]', 'IMPORT_FORMAT_REFUSED'],
])('a failure that stays is not tried again: %s', async (StatusMessage, code) => {
  const account = starting();
  tasksSeen(account, [taskAnswer({ Status: 'deleted', StatusMessage, SnapshotId: 'snap-half' })]);
  await expect(run(account)).rejects.toMatchObject({ code });
  expect(tokens(account)).toEqual(['token-1']);
  expect(deleted(account)).toEqual(['snap-half']);
});

test('a stalled task is cancelled and tried again', async () => {
  const account = starting();
  account.mock.on(CancelImportTaskCommand).resolves({});
  account.mock.on(DescribeImportSnapshotTasksCommand).callsFake(({ ImportTaskIds: [id] }) => {
    const cancelled = account.mock.commandCalls(CancelImportTaskCommand).length > 0;
    if (id !== 'import-snap-1') return { ImportSnapshotTasks: [{ ...completed, ImportTaskId: id }] };
    return {
      ImportSnapshotTasks: [
        taskAnswer(cancelled ? { Status: 'deleted' } : { Status: 'active', Progress: '19' }),
      ],
    };
  });
  expect(await run(account)).toMatchObject({ importTaskId: 'import-snap-2' });
  expect(tokens(account)).toEqual(['token-1', 'token-2']);
});

test('a running task found in the account is the first attempt, and its token is not used again', async () => {
  const account = starting();
  tasksEnding(account, { 'import-snap-9': taskAnswer(validationFailed), 'import-snap-1': completed });
  expect(await run(account, { importTaskId: 'import-snap-9' })).toMatchObject({
    importTaskId: 'import-snap-1',
  });
  expect(tokens(account)).toEqual(['token-2']);
});

describe('ImportSnapshot', () => {
  test('whose answer was lost is looked up before it is called again', async () => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(connectionReset());
    tasksSeen(account, [taskAnswer({ Status: 'active' })], [completed]);
    snapshotsSeen(account, [], [snapshotAnswer()]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1' });
    expect(tokens(account)).toEqual(['token-1']);
    expect(account.notices).toContain('Reusing import task import-snap-1, which another run started.');
  });

  test('that was not carried out is called again with the same token', async () => {
    const account = mocked();
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(ec2Error('InternalError', 'oops', 500))
      .resolves({ ImportTaskId: 'import-snap-1' });
    tasksSeen(account, [], [completed]);
    snapshotsSeen(account, [], [snapshotAnswer()]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1' });
    expect(tokens(account)).toEqual(['token-1', 'token-1']);
  });

  test('whose answer was lost with the network is looked up when that is back', async () => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(connectionReset());
    const outage = Array.from({ length: 12 }, connectionReset);
    tasksSeen(account, ...outage, [taskAnswer({ Status: 'active' })], [completed]);
    snapshotsSeen(account, ...outage.map(() => []), [], [snapshotAnswer()]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.clock.elapsedMs).toBeGreaterThan(60_000);
  });

  test('of a fresh import takes nothing that is there: its token alone says what was done', async () => {
    const account = starting();
    const Tags = Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value }));
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(connectionReset())
      .rejectsOnce(ec2Error('IdempotentParameterMismatch'))
      .resolves({ ImportTaskId: 'import-snap-1' });
    tasksSeen(account, [completed]);
    snapshotsSeen(account, [snapshotAnswer({ Tags })]);
    expect(await run(account, { fresh: true, endedAttempts: 4 })).toMatchObject({
      importTaskId: 'import-snap-1',
    });
    expect(tokens(account)).toEqual(['token-5', 'token-5', 'token-6']);
  });

  test('that never answers is given up', async () => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(connectionReset());
    tasksSeen(account, []);
    snapshotsSeen(account, []);
    await expect(run(account)).rejects.toMatchObject({
      code: 'AWS_UNREACHABLE',
      operation: 'ImportSnapshot',
    });
    expect(new Set(tokens(account))).toEqual(new Set(['token-1']));
  });

  test("with a token of somebody else's run takes that run's task", async () => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(ec2Error('IdempotentParameterMismatch'));
    tasksSeen(account, [], [taskAnswer({ Status: 'active' })], [completed]);
    snapshotsSeen(account, [], [], [snapshotAnswer()]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1', importTaskId: 'import-snap-1' });
    expect(tokens(account)).toEqual(['token-1']);
  });

  test("with a token of somebody else's run takes the snapshot that run has tagged", async () => {
    const account = mocked();
    const Tags = Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value }));
    account.mock.on(ImportSnapshotCommand).rejects(ec2Error('IdempotentParameterMismatch'));
    tasksSeen(account, []);
    snapshotsSeen(account, [snapshotAnswer({ SnapshotId: 'snap-theirs', Tags })]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-theirs' });
  });

  test("takes no snapshot of another run's that EC2 lists and has deleted", async () => {
    const account = starting();
    const Tags = Object.entries(ourTags()).map(([Key, Value]) => ({ Key, Value }));
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(ec2Error('IdempotentParameterMismatch'))
      .resolves({ ImportTaskId: 'import-snap-2' });
    tasksEnding(account, { 'import-snap-2': completed });
    account.mock.on(DescribeSnapshotsCommand).callsFake(({ SnapshotIds: ids }) => {
      if (ids?.[0] === 'snap-theirs') throw ec2Error('InvalidSnapshot.NotFound');
      return {
        Snapshots: [ids ? snapshotAnswer() : snapshotAnswer({ SnapshotId: 'snap-theirs', Tags })],
      };
    });
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.notices).toContain('Not reusing: snap-theirs was deleted a moment ago.');
  });

  test('with a token that was spent on what is no longer there takes the next', async () => {
    const account = starting();
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(ec2Error('IdempotentParameterMismatch'))
      .resolvesOnce({ ImportTaskId: 'import-snap-dead', SnapshotTaskDetail: { Status: 'deleted' } })
      .resolves({ ImportTaskId: 'import-snap-1' });
    tasksEnding(account, { 'import-snap-1': completed });
    expect(await run(account)).toMatchObject({ importTaskId: 'import-snap-1' });
    expect(tokens(account)).toEqual(['token-1', 'token-2', 'token-3']);
  });

  test('for which tags on creation are forbidden goes without', async () => {
    const account = mocked();
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(ec2Error('UnauthorizedOperation', 'not with tags', 403))
      .resolves({ ImportTaskId: 'import-snap-1' });
    tasksSeen(account, [completed]);
    snapshotsSeen(account, [snapshotAnswer()]);
    await run(account);
    const specifications = account.mock
      .commandCalls(ImportSnapshotCommand)
      .map(({ args }) => args[0].input.TagSpecifications);
    expect(specifications).toEqual([expect.any(Array), undefined]);
  });

  test('that is forbidden altogether fails', async () => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(ec2Error('UnauthorizedOperation', 'not you', 403));
    await expect(run(account)).rejects.toMatchObject({ code: 'ACCESS_DENIED', operation: 'ImportSnapshot' });
    expect(tokens(account)).toHaveLength(2);
  });

  test('waits where the account imports as much as it may', async () => {
    const account = mocked();
    account.mock
      .on(ImportSnapshotCommand)
      .rejectsOnce(ec2Error('ResourceCountLimitExceeded', 'too many active imports'))
      .rejectsOnce(ec2Error('ResourceCountLimitExceeded', 'too many active imports'))
      .resolves({ ImportTaskId: 'import-snap-1' });
    tasksSeen(account, [completed]);
    snapshotsSeen(account, [snapshotAnswer()]);
    expect(await run(account)).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.notices).toEqual([
      expect.stringMatching(/too many active imports.*; waiting for what is under way to end\.$/),
    ]);
  });

  test.each(['SnapshotLimitExceeded', 'TagLimitExceeded'])('fails at once with %s', async (code) => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(ec2Error(code));
    await expect(run(account)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(account.clock.elapsedMs).toBe(0);
  });

  test('cuts descriptions to what EC2 takes, and no character in two', async () => {
    const account = starting();
    tasksEnding(account, { 'import-snap-1': completed });
    const long = `${'k'.repeat(254)}${'\u{1f4bf}'.repeat(50)}`;
    await run(account, { object: { bucket, key: long } });
    const [call] = account.mock.commandCalls(ImportSnapshotCommand);
    const { Description, DiskContainer } = call!.args[0].input;
    expect(Description).toBe('k'.repeat(254));
    expect(DiskContainer?.Description).toBe('k'.repeat(254));
  });

  describe('by a role that EC2 does not see yet', () => {
    const roleMissing = ec2Error(
      'InvalidParameter',
      'The service role vmimport provided does not exist or does not have sufficient permissions',
    );
    const forbidden = taskAnswer({
      Status: 'deleted',
      StatusMessage:
        'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
    });

    test('waits for it, whether the call or the task says so', async () => {
      const account = starting();
      account.mock
        .on(ImportSnapshotCommand)
        .rejectsOnce(roleMissing)
        .resolvesOnce({ ImportTaskId: 'import-snap-1' })
        .resolves({ ImportTaskId: 'import-snap-2' });
      tasksEnding(account, { 'import-snap-1': forbidden, 'import-snap-2': completed });
      const options = { mayBeFreshRole: async () => true, attempts: 1 };
      expect(await run(account, options)).toMatchObject({ snapshotId: 'snap-1' });
      expect(tokens(account)).toEqual(['token-1', 'token-1', 'token-2']);
      expect(account.notices.join()).toContain('waiting for vmimport, 2 minutes at most');
    });

    test('gives up after two minutes', async () => {
      const account = mocked();
      account.mock.on(ImportSnapshotCommand).rejects(roleMissing);
      const failure = run(account, { mayBeFreshRole: async () => true });
      await expect(failure).rejects.toMatchObject({ code: 'IMPORT_NOT_PERMITTED' });
      expect(account.clock.elapsedMs).toBeGreaterThanOrEqual(2 * 60_000);
      expect(account.clock.elapsedMs).toBeLessThan(3 * 60_000);
    });

    test('does not wait for one that is old enough to be seen', async () => {
      const account = mocked();
      account.mock.on(ImportSnapshotCommand).rejects(roleMissing);
      const failure = run(account, { mayBeFreshRole: async () => false });
      await expect(failure).rejects.toMatchObject({ code: 'IMPORT_NOT_PERMITTED' });
      expect(tokens(account)).toHaveLength(1);
    });
  });

  test.each([
    [
      'InvalidParameter',
      'The service role vmimport provided does not exist or does not have sufficient permissions',
      'IMPORT_NOT_PERMITTED',
    ],
    ['InvalidParameter', 'The given S3 object is not local to the region.', 'IMPORT_BUCKET_ELSEWHERE'],
    ['InvalidParameterValue', 'The given S3 object does not exist', 'IMPORT_OBJECT_MISSING'],
    ['InvalidParameterCombination', 'something else', 'AWS_REFUSED'],
    ['ExpiredToken', 'The security token included in the request is expired', 'CREDENTIALS_EXPIRED'],
    ['AuthFailure', 'AWS was not able to validate the provided access credentials', 'CREDENTIALS_REFUSED'],
  ])('refused with %s: %s', async (awsCode, message, code) => {
    const account = mocked();
    account.mock.on(ImportSnapshotCommand).rejects(ec2Error(awsCode, message));
    const error = await run(account).catch((error) => error);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(message);
    expect(error.message).toContain('request request-1');
    expect(tokens(account)).toHaveLength(1);
  });

  test.each([
    [false, 'Import task import-snap-1 is still running on AWS. Run the same command again to wait for it.'],
    [true, 'Cancelling import task import-snap-1.'],
  ])('cut off by the signal is looked up; cancelOnAbort %s', async (cancelOnAbort, notice) => {
    const controller = new AbortController();
    const account = mocked({ signal: controller.signal });
    const reason = new Error('interrupted');
    account.mock.on(ImportSnapshotCommand).callsFake(() => {
      controller.abort(reason);
      throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    });
    account.mock.on(CancelImportTaskCommand).resolves({});
    tasksSeen(account, [taskAnswer({ Status: 'active' })]);
    snapshotsSeen(account, []);
    await expect(run(account, { cancelOnAbort })).rejects.toBe(reason);
    expect(account.notices).toEqual([notice]);
    expect(account.mock.commandCalls(CancelImportTaskCommand)).toHaveLength(cancelOnAbort ? 1 : 0);
  });
});
