import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../src/check-plan.ts';
import { narrowPlan } from '../src/narrow-plan.ts';
import { type Plan, resourcesToDelete } from '../src/plan.ts';
import { planSweep } from '../src/plan-sweep.ts';
import { parsePlan } from '../src/saved-plan.ts';
import {
  details,
  facts,
  image,
  key,
  nothingAgainstImage,
  nothingAgainstSnapshot,
  now,
  object,
  ourTags,
  policy,
  snapshot,
  task,
  upload,
} from './facts-builder.ts';

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
  it('gives back what it was to delete, and of the rest nothing that could be believed', () => {
    const { account, madeAt, expiresAt } = plan;
    const [deleted] = resourcesToDelete(plan);
    const { kind, ref, id, region, name, bucket, key } = deleted!;
    expect(parsePlan(JSON.stringify(plan, null, 2))).toEqual({
      account,
      madeAt,
      expiresAt,
      changes: [{ verdict: 'delete', kind, ref, id, region, name, bucket, key }],
    });
  });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"version": 1, "images": []}'],
    ['a later version', JSON.stringify({ ...plan, version: 2 })],
    ['an expiry that is not a time', JSON.stringify({ ...plan, expiresAt: 'never' })],
    ['a verdict nobody knows', withResource({ verdict: 'shred' })],
    ['a kind nobody knows', withResource({ kind: 'vpc' })],
    ['an object without its bucket', withResource({ kind: 'object', bucket: undefined })],
    ['another kind', withResource({ kind: 'snapshot' })],
    ['another id', withResource({ id: 'snap-0bbb' })],
    [
      'another region',
      withResource({ kind: 'ami', id: 'ami-0aaa', ref: 'eu-west-1/ami-0aaa', region: 'us-east-1' }),
    ],
    [
      'an AMI with the id of a snapshot',
      withResource({ kind: 'ami', id: 'snap-0a', ref: 'eu-west-1/snap-0a' }),
    ],
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

function withResource(change: Record<string, unknown>): string {
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
    ['PLAN_EXPIRED', () => check({ expiresAt: '2099-01-01T00:00:00Z' }, now + 24 * hourMs)],
    ['PLAN_EXPIRED', () => check({ expiresAt: new Date(now).toISOString() })],
    ['PLAN_FROM_THE_FUTURE', () => check({ madeAt: new Date(now + hourMs).toISOString() })],
    ['PLAN_OF_ANOTHER_ACCOUNT', () => check({ account: '210987654321' })],
    ['TOO_MANY_DELETES', () => check({}, now, 0)],
  ])('throws %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('narrowPlan', () => {
  const fresh = planSweep(
    facts({
      uploads: [upload()],
      objects: [object()],
      tasks: [task({ taskId: 'import-snap-0bbb', state: 'active', snapshotId: undefined, key: 'x' })],
      snapshots: [snapshot(), snapshot({ snapshotId: 'snap-0bbb', startedAt: undefined })],
      images: [
        image({ state: 'failed', snapshotIds: ['snap-0ccc'] }),
        image({ imageId: 'ami-0bbb', snapshotIds: ['snap-0ddd'] }),
      ],
      details: details({
        snapshots: new Map([['eu-west-1/snap-0aaa', { seen: nothingAgainstSnapshot }]]),
        images: new Map([['eu-west-1/ami-0aaa', { seen: nothingAgainstImage }]]),
        uploads: new Map([[`s3://imports/${key}?uploadId=upload-1`, { seen: { sizeBytes: 1 } }]]),
        objects: new Map([[`s3://imports/${key}`, { seen: { provenance: ourTags(), tags: {} } }]]),
      }),
    }),
    policy(),
  );
  const scope = {
    account: fresh.account,
    regions: fresh.regions,
    buckets: ['imports'],
    prefixes: ['ec2-image/'],
  };
  const refsOf = (given: Pick<Plan, 'resources'>) => resourcesToDelete(given).map(({ ref }) => ref);

  it('keeps of a fresh plan what the saved one names', () => {
    expect(refsOf(fresh)).toHaveLength(5);
    for (const only of fresh.resources) {
      const saved = parsePlan(JSON.stringify({ ...fresh, resources: [only] }));
      const { plan: narrowed, missing } = narrowPlan(saved, { fresh, scope });
      expect(refsOf(narrowed)).toEqual(only.verdict === 'delete' ? [only.ref] : []);
      expect(missing).toEqual([]);
    }
  });

  it('takes a plan to disable an AMI for no more than that', () => {
    const healthy = facts({
      images: [image()],
      details: details({ images: new Map([['eu-west-1/ami-0aaa', { seen: nothingAgainstImage }]]) }),
    });
    const toDisable = planSweep(healthy, policy({ amis: ['ami-0aaa'] }));
    const saved = parsePlan(JSON.stringify(toDisable));
    expect(saved.changes).toMatchObject([{ id: 'ami-0aaa', verdict: 'disable' }]);
    const now = planSweep(healthy, policy({ amis: ['ami-0aaa'], deregisterNow: true }));
    expect(refsOf(now)).toHaveLength(1);
    const narrowed = narrowPlan(saved, { fresh: now, scope });
    expect(narrowed.plan.resources).toEqual([]);
    expect(narrowed.missing).toMatchObject([{ id: 'ami-0aaa' }]);
  });

  it.each([
    ['another region', { region: 'us-east-1', ref: 'us-east-1/snap-0aaa' }],
    ['another bucket', { kind: 'object', bucket: 'b', key, id: key, ref: `s3://b/${key}` }],
    ['another prefix', { kind: 'object', bucket: 'imports', key: 'x/y', id: 'x/y', ref: 's3://imports/x/y' }],
  ])('refuses what lies in %s', (_, change) => {
    const named = { ...resourcesToDelete(fresh).find(({ id }) => id === 'snap-0aaa'), ...change };
    const saved = parsePlan(JSON.stringify({ ...fresh, resources: [named] }));
    expect(() => narrowPlan(saved, { fresh, scope })).toThrow(
      expect.objectContaining({ code: 'PLAN_OUT_OF_SCOPE' }),
    );
  });

  it('47: whatever is done to the file, deletes nothing that a fresh plan would not, and keeps its scope and policy', () => {
    type Path = readonly (string | number)[];
    const paths: Path[] = [];
    const walk = (value: unknown, path: Path) => {
      paths.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value))
        walk(inner, [...path, Array.isArray(value) ? Number(name) : name]);
    };
    walk(JSON.parse(JSON.stringify(fresh)), []);
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        'delete',
        'disable',
        'enable',
        'keep',
        'snap-0bbb',
        'ami-0bbb',
        'eu-west-1/ami-0bbb',
        'snapshot',
        'ami',
        'us-east-1',
        '',
        key,
        true,
        0,
        null,
      ),
      fc.json().map((text) => JSON.parse(text) as unknown),
    );
    const edits = fc.array(fc.tuple(fc.constantFrom(...paths), values), { maxLength: 4 });
    // Where the coin says so, everything that is kept is said to be deleted, too.
    fc.assert(
      fc.property(edits, fc.boolean(), (changes, all) => {
        let edited = JSON.parse(JSON.stringify(fresh)) as Plan;
        if (all)
          edited = {
            ...edited,
            resources: edited.resources.map(
              (resource) => ({ ...resource, verdict: 'delete', proof: 'x' }) as never,
            ),
          };
        for (const [path, value] of changes) edited = put(edited, path, value) as Plan;
        let narrowed: Plan;
        try {
          narrowed = narrowPlan(parsePlan(JSON.stringify(edited)), { fresh, scope }).plan;
        } catch (error) {
          expect(['PLAN_UNREADABLE', 'PLAN_OUT_OF_SCOPE']).toContain((error as { code?: string }).code);
          return;
        }
        expect(refsOf(fresh)).toEqual(expect.arrayContaining(refsOf(narrowed)));
        expect({ ...narrowed, resources: [] }).toEqual({ ...fresh, resources: [] });
        for (const resource of narrowed.resources) expect(fresh.resources).toContain(resource);
      }),
      { numRuns: 1000 },
    );
  });
});

function put(document: unknown, [name, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (name === undefined) return value;
  if (typeof document !== 'object' || document === null) return document;
  const inner = put((document as Record<string, unknown>)[name], rest, value);
  if (Array.isArray(document))
    return Number.isInteger(name) && Number(name) < document.length
      ? document.with(Number(name), inner)
      : document;
  return { ...document, [name]: inner };
}
