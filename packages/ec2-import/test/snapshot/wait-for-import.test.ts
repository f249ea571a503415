import {
  CancelImportTaskCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { waitForImport } from '@ec2-image/ec2-import';
import { describe, expect, test } from 'vitest';
import {
  connectionReset,
  ec2Error,
  mocked,
  snapshotAnswer,
  snapshotsSeen,
  taskAnswer,
  tasksSeen,
} from '../mocked.ts';

const importTaskId = 'import-snap-1';
const completed = taskAnswer({ Status: 'completed', SnapshotId: 'snap-1' });
const active = (Progress: string) =>
  taskAnswer({ Status: 'active', StatusMessage: 'downloading/converting', Progress });

describe('a task that goes well', () => {
  test('reports each step, and waits for its snapshot', async () => {
    const account = mocked();
    const progress: unknown[] = [];
    tasksSeen(
      account,
      [taskAnswer({ Status: 'active', StatusMessage: 'pending', Progress: '3' })],
      [active('19')],
      [completed],
    );
    snapshotsSeen(account, [snapshotAnswer({ State: 'pending', Progress: '40%' })], [snapshotAnswer()]);
    const snapshot = await waitForImport({
      ...account.verb,
      importTaskId,
      onProgress: (p) => progress.push(p),
    });
    expect(snapshot).toEqual({ snapshotId: 'snap-1', sizeGiB: 5, importTaskId, encrypted: undefined });
    expect(progress).toEqual([
      { importTaskId, status: 'active', message: 'pending', percent: 3 },
      { importTaskId, status: 'active', message: 'downloading/converting', percent: 19 },
      { importTaskId, status: 'completed', message: undefined, percent: undefined },
    ]);
    expect(account.notices).toEqual([]);
  });

  test('may not be visible at first, and may have a status that nobody knows', async () => {
    const account = mocked();
    const odd = taskAnswer({ Status: 'reticulating' });
    tasksSeen(account, [], ec2Error('InvalidConversionTaskId.Malformed'), [odd], [odd], [completed]);
    snapshotsSeen(account, [], [snapshotAnswer()]);
    expect(await waitForImport({ ...account.verb, importTaskId })).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.notices).toEqual([
      `Import task ${importTaskId} has the unknown status "reticulating"; still waiting.`,
    ]);
  });

  test('is polled again after throttling and minutes without a network', async () => {
    const account = mocked();
    const outage = Array.from({ length: 15 }, connectionReset);
    tasksSeen(account, [active('1')], ec2Error('RequestLimitExceeded', 'slow down', 503), ...outage, [
      completed,
    ]);
    snapshotsSeen(account, [snapshotAnswer()]);
    expect(await waitForImport({ ...account.verb, importTaskId })).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.clock.elapsedMs).toBeGreaterThan(2 * 60_000);
  });

  test('names its snapshot a moment after it completed', async () => {
    const account = mocked();
    tasksSeen(
      account,
      [taskAnswer({ Status: 'completed' })],
      [taskAnswer({ Status: 'completed' })],
      [completed],
    );
    snapshotsSeen(account, [snapshotAnswer()]);
    expect(await waitForImport({ ...account.verb, importTaskId })).toMatchObject({ snapshotId: 'snap-1' });
  });
});

describe('a task that fails', () => {
  test.each([
    ['ClientError: Disk validation failed', 'IMPORT_FAILED', true],
    [
      'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
      'IMPORT_NOT_PERMITTED',
      false,
    ],
    [
      'ClientError: Disk validation failed [Unsupported specified file format]',
      'IMPORT_FORMAT_REFUSED',
      false,
    ],
    ['The given S3 object is not local to the region.', 'IMPORT_BUCKET_ELSEWHERE', false],
    ['ClientError: Disk validation failed [404 Not Found]', 'IMPORT_OBJECT_MISSING', false],
    ['ServerError: internal error', 'IMPORT_FAILED', true],
  ])('%s: %s', async (StatusMessage, code, retryable) => {
    const account = mocked();
    tasksSeen(
      account,
      [active('19')],
      [taskAnswer({ Status: 'deleting' })],
      [taskAnswer({ Status: 'deleted', StatusMessage })],
    );
    const failure = waitForImport({
      ...account.verb,
      importTaskId,
      source: { bucket: 'a-bucket', roleName: 'importer' },
    });
    await expect(failure).rejects.toMatchObject({
      code,
      retryable,
      importTaskId,
      statusMessage: StatusMessage,
      message: `import task ${importTaskId} failed: ${StatusMessage}`,
    });
  });

  test('names the role and the bucket in its hint where the message does not', async () => {
    const account = mocked();
    const StatusMessage = 'ClientError: Disk validation failed [403 Forbidden]';
    tasksSeen(account, [taskAnswer({ Status: 'deleted', StatusMessage })]);
    const source = { bucket: 'a-bucket', roleName: 'importer' };
    const error = await waitForImport({ ...account.verb, importTaskId, source }).catch((error) => error);
    expect(error.hint).toMatch(/role importer.*vmie\.amazonaws\.com.*a-bucket/s);
  });

  test('and says nothing of why', async () => {
    const account = mocked();
    tasksSeen(account, [{ ImportTaskId: importTaskId, SnapshotTaskDetail: { Status: 'error' } }]);
    await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      message: `import task ${importTaskId} failed: EC2 gives no reason (status error)`,
    });
  });

  test('leaves no snapshot behind, where it can be deleted', async () => {
    const failed = taskAnswer({ Status: 'deleted', StatusMessage: 'ServerError', SnapshotId: 'snap-half' });
    for (const [refusal, notice] of [
      [undefined, /^Deleted snapshot snap-half/],
      [
        ec2Error('UnauthorizedOperation', 'no', 403),
        /^Could not delete snapshot snap-half of the failed import: .*ec2:DeleteSnapshot/,
      ],
    ] as const) {
      const account = mocked();
      tasksSeen(account, [failed]);
      const call = account.mock.on(DeleteSnapshotCommand);
      refusal ? call.rejects(refusal) : call.resolves({});
      await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
        code: 'IMPORT_FAILED',
      });
      expect(account.mock.commandCalls(DeleteSnapshotCommand).map(({ args }) => args[0].input)).toEqual([
        { SnapshotId: 'snap-half' },
      ]);
      expect(account.notices).toEqual([expect.stringMatching(notice)]);
    }
  });

  test('and never ends being deleted is taken as failed', async () => {
    const account = mocked();
    tasksSeen(account, [
      taskAnswer({ Status: 'deleting', StatusMessage: 'ClientError: Disk validation failed' }),
    ]);
    await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
    });
    expect(account.clock.elapsedMs).toBeLessThan(16 * 60_000);
  });

  test('or is not listed is told apart', async () => {
    const account = mocked();
    tasksSeen(account, []);
    await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
      code: 'IMPORT_TASK_LOST',
    });
  });

  test.each([
    [[], 'SNAPSHOT_GONE', true],
    [
      [snapshotAnswer({ State: 'error', StateMessage: 'Given key ID is not accessible' })],
      'SNAPSHOT_FAILED',
      true,
    ],
    [[snapshotAnswer({ State: 'pending', Progress: '50%' })], 'SNAPSHOT_STALLED', false],
  ])('or completes with a snapshot that is of no use: %j', async (snapshots, code, retryable) => {
    const account = mocked();
    tasksSeen(account, [completed]);
    snapshotsSeen(account, snapshots);
    const failure = waitForImport({ ...account.verb, importTaskId });
    await expect(failure).rejects.toMatchObject({ code, retryable, snapshotId: 'snap-1' });
  });
});

describe('a task that stalls', () => {
  const taskTimeoutMs = 60 * 60_000;

  test('is cancelled, and may be tried again', async () => {
    const account = mocked();
    const stalled = Array.from({ length: 245 }, () => [active('19')]);
    tasksSeen(
      account,
      ...stalled,
      [taskAnswer({ Status: 'deleting' })],
      [taskAnswer({ Status: 'deleted', SnapshotId: 'snap-half' })],
    );
    account.mock.on(CancelImportTaskCommand).resolves({});
    await expect(waitForImport({ ...account.verb, importTaskId, taskTimeoutMs })).rejects.toMatchObject({
      code: 'IMPORT_STALLED',
      retryable: true,
      snapshotId: 'snap-half',
    });
    expect(account.mock.commandCalls(CancelImportTaskCommand)).toHaveLength(1);
    expect(account.clock.elapsedMs).toBeGreaterThan(taskTimeoutMs);
    expect(account.clock.elapsedMs).toBeLessThan(taskTimeoutMs + 5 * 60_000);
  });

  test.each([
    ['EC2 cancels', undefined],
    ['EC2 says it has ended', ec2Error('IncorrectState', 'The task is already completed')],
    ['the answer is lost', connectionReset()],
  ])('but completes in spite of it is taken: %s', async (_, refusal) => {
    const account = mocked();
    const stalled = Array.from({ length: 245 }, () => [active('19')]);
    tasksSeen(account, ...stalled, [completed]);
    snapshotsSeen(account, [snapshotAnswer()]);
    const cancel = account.mock.on(CancelImportTaskCommand);
    refusal ? cancel.rejects(refusal) : cancel.resolves({});
    const snapshot = await waitForImport({ ...account.verb, importTaskId, taskTimeoutMs });
    expect(snapshot).toMatchObject({ snapshotId: 'snap-1' });
    expect(account.notices.at(-1)).toBe(
      `Import task ${importTaskId} completed while it was being cancelled.`,
    );
  });

  test('and cannot be cancelled is left, and not tried again beside it', async () => {
    const account = mocked();
    tasksSeen(account, [active('19')]);
    account.mock.on(CancelImportTaskCommand).rejects(ec2Error('UnauthorizedOperation', 'no', 403));
    await expect(waitForImport({ ...account.verb, importTaskId, taskTimeoutMs })).rejects.toMatchObject({
      code: 'IMPORT_STALLED',
      retryable: false,
      cause: { code: 'ACCESS_DENIED' },
    });
  });

  test.each([
    [10_000, '10 seconds'],
    [60_000, '1 minute'],
    [90 * 60_000, '90 minutes'],
    [2 * 60 * 60_000, '2 hours'],
  ])('says after how long: %d ms are %s', async (limitMs, shown) => {
    const account = mocked();
    tasksSeen(account, [active('19')]);
    account.mock.on(CancelImportTaskCommand).rejects(ec2Error('UnauthorizedOperation', 'no', 403));
    await expect(
      waitForImport({ ...account.verb, importTaskId, taskTimeoutMs: limitMs }),
    ).rejects.toMatchObject({
      message: `import task ${importTaskId} showed no progress for ${shown} and could not be cancelled`,
    });
  });

  test('is not one that creeps', async () => {
    const account = mocked();
    const creeping = Array.from({ length: 60 }, (_, percent) => [active(String(percent))]);
    const looks = creeping.flatMap((look) => Array.from({ length: 10 }, () => look));
    tasksSeen(account, ...looks, [completed]);
    snapshotsSeen(account, [snapshotAnswer()]);
    await waitForImport({ ...account.verb, importTaskId, taskTimeoutMs: 5 * 60_000 });
    expect(account.mock.commandCalls(CancelImportTaskCommand)).toHaveLength(0);
    expect(account.clock.elapsedMs).toBeGreaterThan(2 * 60 * 60_000);
  });
});

describe('what ends the wait from outside', () => {
  test('expired credentials, at once, and the task is named', async () => {
    const account = mocked();
    tasksSeen(account, [active('1')], ec2Error('RequestExpired', 'Request has expired.', 400));
    await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
      code: 'CREDENTIALS_EXPIRED',
      hint: expect.stringContaining('same command'),
    });
    expect(account.mock.commandCalls(DescribeImportSnapshotTasksCommand)).toHaveLength(2);
    expect(account.notices).toEqual([
      `Import task ${importTaskId} may still be running; the same command finds it.`,
    ]);
  });

  test('expired credentials when only its snapshot is missing, without a word on the task', async () => {
    const account = mocked();
    tasksSeen(account, [completed]);
    account.mock
      .on(DescribeSnapshotsCommand)
      .rejects(ec2Error('RequestExpired', 'Request has expired.', 400));
    await expect(waitForImport({ ...account.verb, importTaskId })).rejects.toMatchObject({
      code: 'CREDENTIALS_EXPIRED',
    });
    expect(account.notices).toEqual([]);
  });

  test('a network that stays away', async () => {
    const account = mocked();
    tasksSeen(account, [active('1')], connectionReset());
    const failure = waitForImport({ ...account.verb, importTaskId, outageTimeoutMs: 60_000 });
    await expect(failure).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' });
  });

  test.each([
    [
      false,
      undefined,
      [`Import task ${importTaskId} is still running on AWS. Run the same command again to wait for it.`],
    ],
    [true, undefined, [`Cancelling import task ${importTaskId}.`]],
    [true, ec2Error('IncorrectState', 'too late'), [expect.stringMatching(/was not cancelled: .*too late/)]],
  ])('the signal: cancelOnAbort %s', async (cancelOnAbort, refusal, notices) => {
    const controller = new AbortController();
    const account = mocked({ signal: controller.signal });
    const reason = new Error('interrupted');
    tasksSeen(account, [active('1')]);
    const cancel = account.mock.on(CancelImportTaskCommand);
    refusal ? cancel.rejects(refusal) : cancel.resolves({});
    const onProgress = () => controller.abort(reason);
    const failure = waitForImport({ ...account.verb, importTaskId, cancelOnAbort, onProgress });
    await expect(failure).rejects.toBe(reason);
    expect(account.mock.commandCalls(CancelImportTaskCommand)).toHaveLength(cancelOnAbort ? 1 : 0);
    expect(account.notices).toEqual(notices);
  });

  test.each([
    ['sees it soon', 3, [`Cancelling import task ${importTaskId}.`]],
    ['never sees it', Number.POSITIVE_INFINITY, [expect.stringMatching(/was not cancelled: .*not exist/)]],
  ])('the signal, while EC2 does not see the new task everywhere: %s', async (_, unseen, notices) => {
    const controller = new AbortController();
    const account = mocked({ signal: controller.signal });
    const reason = new Error('interrupted');
    tasksSeen(account, [active('1')]);
    let calls = 0;
    account.mock.on(CancelImportTaskCommand).callsFake(async () => {
      calls += 1;
      if (calls <= unseen)
        throw ec2Error('InvalidConversionTaskId.Malformed', `${importTaskId} does not exist`);
      return {};
    });
    const onProgress = () => controller.abort(reason);
    const failure = waitForImport({ ...account.verb, importTaskId, cancelOnAbort: true, onProgress });
    await expect(failure).rejects.toBe(reason);
    expect(calls).toBeGreaterThan(Math.min(unseen, 2));
    // Whoever pressed Ctrl-C is waiting.
    expect(account.clock.elapsedMs).toBeLessThanOrEqual(10_000);
    expect(account.notices).toEqual(notices);
  });
});

describe('an import that nobody wants any more', () => {
  const reason = new Error('it is not the image');
  const unwantedAt = (when: 'waiting' | 'before') => {
    const controller = new AbortController();
    if (when === 'before') controller.abort(reason);
    return {
      unwanted: controller.signal,
      onProgress: () => controller.abort(reason),
    };
  };

  test.for([
    ['is cancelled, and its end awaited', 'waiting', { Status: 'deleted' }, 0],
    ['at once, where that is known before', 'before', { Status: 'deleted' }, 0],
    ['but completes all the same: its snapshot is deleted', 'waiting', completed.SnapshotTaskDetail!, 1],
    [
      'but completes, and is named late: its snapshot is deleted',
      'waiting',
      completed.SnapshotTaskDetail!,
      1,
      { Status: 'completed' },
    ],
  ] as const)('%s', async ([, when, end, deletions, before]) => {
    const account = mocked();
    const ending = before ? [taskAnswer(before), taskAnswer(before), taskAnswer(end)] : [taskAnswer(end)];
    const asked = [active('1'), active('1'), ...ending].map((task) => [task]);
    tasksSeen(account, ...(when === 'before' ? asked.slice(1) : asked));
    account.mock.on(CancelImportTaskCommand).resolves({});
    // Not visible at first: then nothing would be deleted.
    snapshotsSeen(account, [], [snapshotAnswer()]);
    const seen = () => account.mock.commandCalls(DescribeSnapshotsCommand).length;
    account.mock.on(DeleteSnapshotCommand).callsFake(() => {
      expect(seen()).toBeGreaterThan(1);
      return {};
    });
    const failure = waitForImport({ ...account.verb, importTaskId, ...unwantedAt(when) });
    await expect(failure).rejects.toBe(reason);
    expect(account.mock.commandCalls(CancelImportTaskCommand)).toHaveLength(1);
    expect(account.mock.commandCalls(DeleteSnapshotCommand)).toHaveLength(deletions);
    expect(account.notices).toEqual([`Cancelling import task ${importTaskId}.`]);
  });

  test('and cannot be cancelled is told', async () => {
    const account = mocked();
    tasksSeen(account, [active('1')]);
    account.mock.on(CancelImportTaskCommand).rejects(ec2Error('UnauthorizedOperation', 'not you', 403));
    const failure = waitForImport({ ...account.verb, importTaskId, ...unwantedAt('waiting') });
    await expect(failure).rejects.toBe(reason);
    expect(account.notices.at(-1)).toMatch(/was not cancelled: .*not you/);
  });
});

describe('the time of its start', () => {
  const tagged = (tags: Record<string, string>) =>
    taskAnswer(
      { Status: 'completed', SnapshotId: 'snap-1' },
      { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    );
  const ours = { 'ec2-image:source-digest': `sha256:${'a1'.repeat(32)}`, 'ec2-image:version': '1' };

  async function wait(tags: Record<string, string>, refusal?: Error) {
    const account = mocked();
    const running = { ...tagged(tags), SnapshotTaskDetail: { Status: 'active' } };
    tasksSeen(account, [running], [running], [tagged(tags)]);
    snapshotsSeen(account, [snapshotAnswer()]);
    const create = account.mock.on(CreateTagsCommand);
    refusal ? create.rejects(refusal) : create.resolves({});
    await waitForImport({ ...account.verb, importTaskId });
    const written = account.mock.commandCalls(CreateTagsCommand).map(({ args }) => args[0].input);
    return { written, notices: account.notices };
  }

  test('is added to a task of ec2-image that lacks it', async () => {
    const Tags = [{ Key: 'ec2-image:started-at', Value: '2026-11-22T10:00:00Z' }];
    expect((await wait(ours)).written).toEqual([{ Resources: [importTaskId], Tags }]);
  });

  test.each([[{ ...ours, 'ec2-image:started-at': '2026-11-22T09:00:00Z' }], [{ Name: 'not ours' }], [{}]])(
    'is not added to %j',
    async (tags) => {
      expect((await wait(tags)).written).toEqual([]);
    },
  );

  test('may be forbidden', async () => {
    const { notices } = await wait(ours, ec2Error('UnauthorizedOperation', 'no', 403));
    expect(notices).toEqual([expect.stringMatching(/carries no start time: .*ec2:CreateTags/)]);
  });
});
