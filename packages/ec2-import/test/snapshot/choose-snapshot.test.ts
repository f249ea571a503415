import { snapshotOrigin, writtenDescription } from '@ec2-image/provenance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseSnapshot } from '../../src/snapshot/choose-snapshot.ts';
import type { ImportTask } from '../../src/snapshot/import-task.ts';
import type { SnapshotFacts } from '../../src/snapshot/snapshot.ts';
import type { WantedSnapshot } from '../../src/snapshot/wanted-snapshot.ts';
import { bucket, digest, key, otherDigest, otherKey, ourTags } from '../marks.ts';

const GiB = 2 ** 30;
const wanted: WantedSnapshot = {
  digest,
  format: 'vhdx',
  virtualSizeBytes: 4 * GiB + 1,
  account: '1',
  bucket,
  key,
};

function snapshot(change: Partial<SnapshotFacts> = {}): SnapshotFacts {
  return {
    snapshotId: 'snap-1',
    sizeGiB: 5,
    state: 'completed',
    ownerId: '1',
    encrypted: false,
    archived: false,
    startedAt: new Date('2026-11-22T10:00:00Z'),
    origin: { kind: 'import', taskId: 'import-snap-0' },
    tags: ourTags(),
    ...change,
  };
}

function task(change: Partial<ImportTask> = {}): ImportTask {
  return {
    importTaskId: 'import-snap-1',
    status: 'completed',
    snapshotId: 'snap-1',
    format: 'VHDX',
    bucket,
    key,
    tags: ourTags(),
    ...change,
  };
}

describe('a snapshot with our tags', () => {
  test('is taken', () => {
    expect(chooseSnapshot({ wanted, snapshots: [snapshot()], tasks: [] })).toMatchObject({
      state: 'complete',
      proof: 'tags',
      snapshot: { snapshotId: 'snap-1' },
      endedAttempts: 0,
    });
  });

  test.each<[string, Partial<SnapshotFacts>, Partial<WantedSnapshot>]>([
    ['is pending', { state: 'pending' }, {}],
    ['is error', { state: 'error' }, {}],
    ['is archived', { archived: true }, {}],
    ['belongs to account 2', { ownerId: '2' }, {}],
    ['has 6 GiB, not 5', { sizeGiB: 6 }, {}],
    ['has 4 GiB, not 5', { sizeGiB: 4 }, {}],
    ['was imported as raw, not vhdx', { tags: ourTags({ diskFormat: 'raw' }) }, {}],
    ['is not encrypted', {}, { encrypted: true }],
    ['is not encrypted', { encrypted: undefined }, { encrypted: true }],
    ['is encrypted', { encrypted: true }, { encrypted: false }],
    [
      'is encrypted with arn:aws:kms:eu-west-1:1:key/k1, not k2',
      { encrypted: true, kmsKeyId: 'arn:aws:kms:eu-west-1:1:key/k1' },
      { kmsKeyId: 'k2' },
    ],
  ])('is passed over where it %s', (reason, change, wish) => {
    const chosen = chooseSnapshot({
      wanted: { ...wanted, ...wish },
      snapshots: [snapshot(change)],
      tasks: [],
    });
    expect(chosen).toMatchObject({ state: 'none', passedOver: [`snap-1 ${reason}`], endedAttempts: 0 });
  });

  test.each<[string, Partial<SnapshotFacts>, Partial<WantedSnapshot>]>([
    ['any size where none is known yet', { sizeGiB: 77 }, { virtualSizeBytes: undefined }],
    ['encrypted by the account where nothing is asked', { encrypted: true }, {}],
    ['without a word on encryption', { encrypted: undefined }, {}],
    ['without an owner', { ownerId: undefined }, {}],
    [
      'with the key asked for by its id',
      { encrypted: true, kmsKeyId: 'arn:aws:kms:x:1:key/k1' },
      { kmsKeyId: 'k1' },
    ],
    [
      'with the key asked for by its ARN',
      { encrypted: true, kmsKeyId: 'arn:aws:kms:x:1:key/k1' },
      { kmsKeyId: 'arn:aws:kms:x:1:key/k1' },
    ],
    ['in any format where none is asked', { tags: ourTags({ diskFormat: 'raw' }) }, { format: undefined }],
  ])('is taken: %s', (_, change, wish) => {
    const chosen = chooseSnapshot({
      wanted: { ...wanted, ...wish },
      snapshots: [snapshot(change)],
      tasks: [],
    });
    expect(chosen.state).toBe('complete');
  });

  test.each([
    [
      'is a copy of snap-7',
      { Description: '[Copied snap-7 from us-west-2] Created by AWS-VMImport service for import-snap-1' },
    ],
    [
      'was made from the volume vol-1',
      { VolumeId: 'vol-1', Description: 'Created by AWS-VMImport service for import-snap-1' },
    ],
    [
      'has neither the description of an import nor',
      { Description: 'This snapshot is created by the AWS Backup service.' },
    ],
    [`was written from the image ${otherDigest}`, { Description: writtenDescription(otherDigest) }],
  ])('44: is passed over where it %s, our tags or not', (reason, described) => {
    const chosen = chooseSnapshot({
      wanted,
      snapshots: [snapshot({ origin: snapshotOrigin(described) })],
      tasks: [],
    });
    expect(chosen).toMatchObject({ state: 'none', passedOver: [expect.stringContaining(reason)] });
  });

  test('44: is passed over where the task in its description made another', () => {
    const copy = snapshot({ snapshotId: 'snap-2', importTaskId: 'import-snap-1' });
    const tasks = [task()];
    expect(chooseSnapshot({ wanted, snapshots: [copy, snapshot({ tags: {} })], tasks })).toMatchObject({
      state: 'complete',
      snapshot: { snapshotId: 'snap-1' },
      proof: 'task',
    });
    const named = { ...copy, origin: { kind: 'import', taskId: 'import-snap-1' } as const };
    expect(
      chooseSnapshot({ wanted, snapshots: [named], tasks: [task({ snapshotId: 'snap-1' })] }),
    ).toMatchObject({
      state: 'none',
      passedOver: ['snap-2 is a copy: import-snap-1, which its description names, made snap-1'],
    });
  });

  test('is taken where EBS direct wrote it from this image', () => {
    const written = snapshot({
      origin: snapshotOrigin({ Description: writtenDescription(digest) }),
      tags: { ...ourTags(), 'ec2-image:started-at': '2026-11-22T10:00:00Z' },
    });
    expect(chooseSnapshot({ wanted, snapshots: [written], tasks: [] }).state).toBe('complete');
    // Its tags are there from its start: completed by whom it may be.
    const unfinished = { ...written, tags: ourTags() };
    expect(chooseSnapshot({ wanted, snapshots: [unfinished], tasks: [] })).toMatchObject({
      state: 'none',
      passedOver: ['snap-1 was not completed by a run that has written all of it'],
    });
  });

  test('is not taken on the word of its tags alone where its task says otherwise', () => {
    const made = snapshot({ importTaskId: 'import-snap-1' });
    const choose = (change: Partial<ImportTask>) =>
      chooseSnapshot({ wanted, snapshots: [made], tasks: [task(change)] });
    expect(choose({}).state).toBe('complete');
    expect(choose({ status: 'deleted' })).toMatchObject({ state: 'none', endedAttempts: 1 });
    expect(choose({ tags: ourTags({ of: otherDigest }) })).toMatchObject({ state: 'none', endedAttempts: 0 });
  });

  test('of several, the oldest is taken, so that two runs take the same', () => {
    const at = (time: string, snapshotId: string) => snapshot({ snapshotId, startedAt: new Date(time) });
    const snapshots = [
      at('2026-11-22T11:00:00Z', 'snap-2'),
      at('2026-11-22T10:00:00Z', 'snap-9'),
      at('2026-11-22T10:00:00Z', 'snap-3'),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(snapshots, { minLength: 3 }), (shuffled) => {
        const chosen = chooseSnapshot({ wanted, snapshots: shuffled, tasks: [] });
        return chosen.state === 'complete' && chosen.snapshot.snapshotId === 'snap-3';
      }),
    );
  });
});

describe('a task created by ec2-image', () => {
  const untagged = snapshot({ tags: {} });

  test('that completed gives its snapshot', () => {
    expect(chooseSnapshot({ wanted, snapshots: [untagged], tasks: [task()] })).toMatchObject({
      state: 'complete',
      proof: 'task',
      snapshot: { snapshotId: 'snap-1', importTaskId: 'import-snap-1' },
      endedAttempts: 0,
    });
  });

  test('that completed makes the run wait for its pending snapshot', () => {
    expect(
      chooseSnapshot({ wanted, snapshots: [snapshot({ tags: {}, state: 'pending' })], tasks: [task()] })
        .state,
    ).toBe('running');
  });

  test.each<[string, SnapshotFacts[], Partial<ImportTask>]>([
    ['whose snapshot is gone', [], {}],
    ['whose snapshot has another size', [snapshot({ tags: {}, sizeGiB: 9 })], {}],
    [
      'whose snapshot carries the tags of another image',
      [snapshot({ tags: ourTags({ of: otherDigest }) })],
      {},
    ],
    ['that read another object', [untagged], { key: otherKey }],
    ['that was deleted', [], { status: 'deleted' }],
    ['that is on its way out', [], { status: 'deleting' }],
    ['that was cancelled', [], { status: 'cancelled' }],
    ['that completed and names no snapshot', [], { snapshotId: undefined }],
  ])('%s is an attempt that has ended', (_, snapshots, change) => {
    expect(chooseSnapshot({ wanted, snapshots, tasks: [task(change)] })).toMatchObject({
      state: 'none',
      endedAttempts: 1,
      attempts: 1,
    });
  });

  test('that runs makes the run wait for it, for the earliest of several', () => {
    const at = (importTaskId: string, startedAt?: string) =>
      task({
        importTaskId,
        status: 'active',
        snapshotId: undefined,
        tags: { ...ourTags(), ...(startedAt && { 'ec2-image:started-at': startedAt }) },
      });
    const tasks = [at('c'), at('b', '2026-11-22T10:00:01Z'), at('a', '2026-11-22T10:00:02Z')];
    expect(chooseSnapshot({ wanted, snapshots: [], tasks })).toMatchObject({
      state: 'running',
      task: { importTaskId: 'b' },
      endedAttempts: 0,
    });
  });

  test('that runs with another encryption or on another object is not', () => {
    const running = (change: Partial<ImportTask>) =>
      chooseSnapshot({
        wanted: { ...wanted, encrypted: true },
        snapshots: [],
        tasks: [task({ status: 'active', snapshotId: undefined, ...change })],
      });
    expect(running({ encrypted: true }).state).toBe('running');
    expect(running({ encrypted: false })).toMatchObject({ state: 'none', endedAttempts: 0 });
    expect(running({ encrypted: true, key: otherKey }).passedOver).toEqual([
      `import-snap-1 reads ${bucket}/${otherKey}, which is not this image's object`,
    ]);
  });

  test('is taken with the key alias that it was given, which the snapshot does not repeat', () => {
    const asked = { ...wanted, encrypted: true, kmsKeyId: 'alias/images' };
    const made = snapshot({ tags: {}, encrypted: true, kmsKeyId: 'arn:aws:kms:x:1:key/k1' });
    const tasks = [task({ encrypted: true, kmsKeyId: 'alias/images' })];
    expect(chooseSnapshot({ wanted: asked, snapshots: [made], tasks }).state).toBe('complete');
  });

  test('without tags is known by the object that it reads', () => {
    const tasks = [task({ tags: undefined })];
    expect(chooseSnapshot({ wanted, snapshots: [untagged], tasks }).state).toBe('complete');
    const elsewhere = { ...wanted, bucket: 'another' };
    expect(chooseSnapshot({ wanted: elsewhere, snapshots: [untagged], tasks })).toMatchObject({
      state: 'none',
      attempts: 0,
    });
    const unknown = { ...wanted, bucket: undefined, key: undefined };
    expect(chooseSnapshot({ wanted: unknown, snapshots: [untagged], tasks }).state).toBe('none');
  });

  test.each<[string, Partial<ImportTask>]>([
    ['of another image', { tags: ourTags({ of: otherDigest }), key: otherKey }],
    ['in another format', { format: 'RAW' }],
    ["with somebody else's tags", { tags: { Name: 'mine' } }],
  ])('%s is none of this import', (_, change) => {
    expect(chooseSnapshot({ wanted, snapshots: [untagged], tasks: [task(change)] })).toMatchObject({
      state: 'none',
      endedAttempts: 0,
      attempts: 0,
    });
  });
});

test('a tagged snapshot goes before a completed task, that before a running one', () => {
  const tagged = snapshot({ snapshotId: 'snap-tagged' });
  const made = snapshot({ tags: {} });
  const running = task({ importTaskId: 'import-snap-2', status: 'active', snapshotId: undefined });
  const tasks = [running, task()];
  const choose = (snapshots: SnapshotFacts[]) => chooseSnapshot({ wanted, snapshots, tasks });
  expect(choose([made, tagged])).toMatchObject({ proof: 'tags', snapshot: { snapshotId: 'snap-tagged' } });
  expect(choose([made])).toMatchObject({ proof: 'task', endedAttempts: 0 });
  expect(choose([])).toMatchObject({ state: 'running', endedAttempts: 1 });
});

const anySnapshot = fc.record({
  snapshotId: fc.constantFrom('snap-1', 'snap-2', 'snap-3'),
  sizeGiB: fc.constantFrom(4, 5, 6),
  state: fc.constantFrom('completed', 'pending', 'error', 'recovering'),
  ownerId: fc.constantFrom('1', '2', undefined),
  encrypted: fc.constantFrom(true, false, undefined),
  archived: fc.boolean(),
  importTaskId: fc.constantFrom(undefined, 'import-snap-1', 'import-snap-2'),
  origin: fc.constantFrom(
    { kind: 'import', taskId: 'import-snap-1' } as const,
    snapshotOrigin({ Description: writtenDescription(digest) }),
    snapshotOrigin({ Description: writtenDescription(otherDigest) }),
    snapshotOrigin({ Description: '[Copied snap-7 from us-west-2] ' }),
    snapshotOrigin({ VolumeId: 'vol-1' }),
  ),
  tags: fc.constantFrom({}, ourTags(), ourTags({ of: otherDigest }), { 'ec2-image:source-digest': digest }),
});
const anyTask = fc.record({
  importTaskId: fc.constantFrom('import-snap-1', 'import-snap-2', 'import-snap-3'),
  status: fc.constantFrom(
    'pending',
    'active',
    'completed',
    'deleting',
    'deleted',
    'cancelled',
    'error',
    'odd',
  ),
  snapshotId: fc.constantFrom('snap-1', 'snap-2', 'snap-3', undefined),
  format: fc.constantFrom('VHDX', 'RAW', undefined),
  bucket: fc.constantFrom(bucket, 'another', undefined),
  key: fc.constantFrom(key, otherKey, undefined),
  encrypted: fc.constantFrom(true, false, undefined),
  tags: fc.constantFrom(undefined, {}, ourTags(), ourTags({ of: otherDigest })),
});

test('whatever the account holds, what is chosen is complete, ours and of the right size, and nothing is counted twice', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anySnapshot, { selector: ({ snapshotId }) => snapshotId }),
      fc.uniqueArray(anyTask, { selector: ({ importTaskId }) => importTaskId }),
      fc.constantFrom(true, false, undefined),
      (snapshots, tasks, encrypted) => {
        const chosen = chooseSnapshot({ wanted: { ...wanted, encrypted }, snapshots, tasks });
        expect(chosen.endedAttempts).toBeLessThanOrEqual(chosen.attempts);
        expect(chosen.attempts).toBeLessThanOrEqual(tasks.length);
        if (chosen.state === 'running') {
          expect(tasks.map(({ importTaskId }) => importTaskId)).toContain(chosen.task.importTaskId);
          expect(['deleted', 'deleting', 'cancelled', 'error']).not.toContain(chosen.task.status);
        }
        if (chosen.state !== 'complete') return;
        const { state, sizeGiB, ownerId, archived, tags, encrypted: isEncrypted } = chosen.snapshot;
        expect({ state, sizeGiB, archived }).toEqual({ state: 'completed', sizeGiB: 5, archived: false });
        expect(ownerId).not.toBe('2');
        expect(tags).not.toEqual(ourTags({ of: otherDigest }));
        if (encrypted !== undefined) expect(isEncrypted ?? false).toBe(encrypted);
        if (chosen.proof === 'tags') expect(tags).toEqual(ourTags());
        const { origin } = chosen.snapshot;
        expect(origin.kind).not.toBe('foreign');
        if (chosen.proof === 'tags' && origin.kind === 'written') expect(origin.digest).toBe(digest);
      },
    ),
    { numRuns: 500 },
  );
});
