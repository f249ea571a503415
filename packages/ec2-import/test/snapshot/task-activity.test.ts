import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ImportTask, importTaskOf } from '../../src/snapshot/import-task.ts';
import { createActivity } from '../../src/snapshot/task-activity.ts';

const detail = { Status: 'active', Progress: '19', StatusMessage: 'pending', DiskImageSize: 0 };
const task = (change: object = {}): ImportTask =>
  importTaskOf({ ImportTaskId: 'import-snap-1', SnapshotTaskDetail: { ...detail, ...change } });

test.each([
  { Status: 'x' },
  { Progress: '20' },
  { StatusMessage: 'validated' },
  { DiskImageSize: 1 },
  { SnapshotId: 'snap-1' },
])('a task moves that shows %o', (change) => {
  const moves = createActivity();
  expect([moves(task()), moves(task()), moves(task(change)), moves(task(change))]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test('a task does not move whose answers only go back and forth', () => {
  const looks = fc.record({
    Status: fc.constantFrom('active', 'converting', 'updating'),
    Progress: fc.constantFrom('19', '11', '', undefined),
    StatusMessage: fc.constantFrom('pending', undefined),
    DiskImageSize: fc.constantFrom(0, 100),
  });
  fc.assert(
    fc.property(fc.array(looks, { minLength: 1 }), fc.infiniteStream(fc.nat()), (answers, order) => {
      const moves = createActivity();
      for (const answer of answers) moves(task(answer));
      return answers.every(() => !moves(task(answers[order.next().value! % answers.length])));
    }),
  );
});
