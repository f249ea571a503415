import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../src/check-plan.ts';
import { parsePlan } from '../src/parse-plan.ts';
import type { Plan } from '../src/plan.ts';
import { planSweep } from '../src/plan-sweep.ts';
import { details, facts, image, now, object, policy, snapshot, task, upload } from './facts-builder.ts';

const plan = planSweep(
  facts({
    uploads: [upload()],
    objects: [object({ versionId: 'v1' })],
    tasks: [task({ state: 'active', snapshotId: undefined })],
    snapshots: [snapshot({ snapshotId: 'snap-0bbb', startedAt: undefined })],
    images: [image()],
    details: details({ uploads: new Map([['s3://imports/x', { unseen: 'denied' }]]) }),
    gaps: [{ what: 'bucket', bucket: 'imports', detail: 'denied' }],
  }),
  policy({ keepTags: [{ key: 'a' }, { key: 'b', value: 'c' }], amis: ['ami-0aaa'] }),
);

describe('parsePlan', () => {
  it('gives back what was written', () => {
    expect(parsePlan(JSON.stringify(plan, null, 2))).toEqual(plan);
  });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"version": 1, "images": []}'],
    ['a later version', JSON.stringify({ ...plan, version: 2 })],
    ['an expiry that is no time', JSON.stringify({ ...plan, expiresAt: 'never' })],
    ['a verdict nobody knows', withThing({ verdict: 'shred' })],
    ['a deletion without proof', withThing({ proof: undefined })],
    ['a kind nobody knows', withThing({ kind: 'vpc' })],
    ['an object without its bucket', withThing({ kind: 'object', bucket: undefined })],
    ['an age floor below zero', JSON.stringify({ ...plan, policy: { ...plan.policy, olderThanMs: -1 } })],
  ])('refuses %s', (_, text) => {
    expect(() => parsePlan(text)).toThrow(expect.objectContaining({ code: 'PLAN_UNREADABLE' }));
  });

  it('refuses any bytes with its own error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parsePlan(text)).toThrow(expect.objectContaining({ code: 'PLAN_UNREADABLE' }));
      }),
    );
  });
});

function withThing(change: Record<string, unknown>): string {
  const deleted = plan.resources.find(({ verdict }) => verdict === 'delete');
  return JSON.stringify({ ...plan, resources: [{ ...deleted, ...change }] });
}

describe('checkPlan', () => {
  const hourMs = 3_600_000;
  const check = (changes: Partial<Plan>, at = now, maxDeletes = 50) =>
    checkPlan({ ...plan, ...changes }, { account: '123456789012', now: at, maxDeletes });

  it('passes a plan of this account, within its time and the cap', () => {
    expect(check({}, now + 24 * hourMs - 1, 1)).toBeUndefined();
  });

  it.each([
    ['PLAN_EXPIRED', () => check({}, now + 24 * hourMs)],
    ['PLAN_OF_ANOTHER_ACCOUNT', () => check({ account: '210987654321' })],
    ['TOO_MANY_DELETES', () => check({}, now, 0)],
  ])('throws %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});
