import { policies } from '@ec2-image/aws-call';
import { disabledKey, isTestInstance, snapshotOrigin, writtenDescription } from '@ec2-image/provenance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Examined,
  type Facts,
  type Gap,
  idOf,
  type ResourceFact,
  refOf,
  taskPhase,
} from '../src/facts.ts';
import { type Plan, type ResourceToDelete, resourcesToDelete } from '../src/plan.ts';
import { planSweep, resourcesToExamine } from '../src/plan-sweep.ts';
import type { Policy } from '../src/policy.ts';
import { relationsOf } from '../src/relations.ts';
import {
  bucket,
  details,
  digest,
  facts,
  hoursAgo,
  image,
  imported,
  instance,
  key,
  now,
  object,
  ourImageTags,
  ourTags,
  policy,
  region,
  snapshot,
  task,
  upload,
} from './facts-builder.ts';

/** Small pools of ids, so that resources meet, and of everything that speaks for or against a deletion. */
const snapshotId = fc.constantFrom('snap-0a', 'snap-0b', 'snap-0c');
const anyRegion = fc.constantFrom(region, 'us-east-1');
const time = fc.option(fc.integer({ min: -5, max: 120 }).map(hoursAgo), { nil: undefined });
const tags = fc.constantFrom(
  {},
  ourTags(),
  ourImageTags(),
  ourTags({ permanent: 'true' }),
  ourTags({ 'aws:backup:source-resource': 'x' }),
  ourTags({ hold: 'x' }),
  { Name: 'fedora-i43' },
);
const marks = fc
  .constantFrom('', 'disabling', 'disabled', 'enabling')
  .map(
    (phase): Record<string, string> =>
      phase === '' ? {} : { [disabledKey]: `${phase} 2026-11-20T00:00:00Z superseded` },
  );
const anyKey = fc.constantFrom(key, key.replace('43', '44'), 'ec2-image/other', 'elsewhere/x.vhdx');
const writtenHere = snapshotOrigin({ Description: writtenDescription(digest) });
const anyBucket = fc.constantFrom(bucket, 'foreign');

const anyTask = fc
  .record({
    region: anyRegion,
    taskId: fc.constantFrom('import-snap-0a', 'import-snap-0b'),
    state: fc.constantFrom('active', 'completed', 'deleting', 'deleted', 'strange'),
    snapshotId: fc.option(snapshotId, { nil: undefined }),
    bucket: anyBucket,
    key: anyKey,
    tags,
  })
  .map(task);
const anySnapshot = fc
  .record({
    region: anyRegion,
    snapshotId,
    state: fc.constantFrom('completed', 'pending', 'error', 'recovering'),
    startedAt: time,
    tier: fc.constantFrom(undefined, undefined, undefined, 'archive'),
    origin: fc.constantFrom(
      snapshotOrigin({}),
      snapshotOrigin({ Description: '[Copied snap-0b from eu-west-1] ' }),
      writtenHere,
      imported('import-snap-0a'),
      imported('import-snap-0c'),
    ),
    tags,
  })
  .map(snapshot);
const anyImage = fc
  .record({
    region: anyRegion,
    imageId: fc.constantFrom('ami-0a', 'ami-0b', 'ami-0c'),
    name: fc.constantFrom('fedora-i43', 'fedora-i44', 'other'),
    state: fc.constantFrom('available', 'failed', 'pending', 'disabled', 'invalid', 'strange'),
    foreignOrigin: fc.constantFrom(undefined, undefined, 'is a copy of ami-0d'),
    createdAt: time,
    lastLaunchedAt: time,
    isPublic: fc.boolean(),
    protection: fc.constantFrom(undefined, undefined, 'enabled-without-cooldown'),
    snapshotIds: fc.uniqueArray(snapshotId, { maxLength: 2 }),
    tags,
    marks,
  })
  .map(({ marks: mark, ...fields }) => image({ ...fields, tags: { ...fields.tags, ...mark } }));
const anyObject = fc.record({ region: anyRegion, key: anyKey, modifiedAt: time }).map(object);
const anyInstance = fc
  .record({
    region: anyRegion,
    instanceId: fc.constantFrom('i-0a', 'i-0b'),
    imageId: fc.constantFrom('ami-0aaa', 'ami-0b'),
    state: fc.constantFrom('pending', 'running', 'stopping', 'stopped'),
    startedAt: time,
    tags,
  })
  .map(instance);
const anyUpload = fc
  .record({ region: anyRegion, key: anyKey, uploadId: fc.constantFrom('u1', 'u2'), initiatedAt: time })
  .map(upload);
const anyGap: fc.Arbitrary<Gap> = fc.record({
  what: fc.constantFrom('instances', 'tasks', 'snapshots', 'images', 'objects', 'uploads'),
  region: anyRegion,
  detail: fc.constant('denied'),
});

const seenOr = <T>(seen: fc.Arbitrary<T>): fc.Arbitrary<Examined<T> | undefined> =>
  fc.oneof(
    { weight: 4, arbitrary: seen.map((value) => ({ seen: value })) },
    fc.constant({ unseen: 'denied' }),
    fc.constant(undefined),
  );
/** Undefined: it was deleted while it was examined. */
function orGone<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T | undefined> {
  return fc.option(fc.record(model), { nil: undefined, freq: 9 }) as fc.Arbitrary<T | undefined>;
}
const imageDetail = seenOr(
  orGone({
    references: fc.constantFrom<string[]>([], [], ['i-0a']),
    sharedWith: fc.constantFrom<string[]>([], [], ['all']),
    launchPermissions: fc.constantFrom<string[]>([], ['123456789012']),
    lastLaunchedAt: time,
  }),
);
const snapshotDetail = seenOr(
  orGone({
    references: fc.constantFrom<string[]>([], [], [], ['lt-0a version 1']),
    fastRestores: fc.constantFrom<string[]>([], [], [], ['us-east-1a']),
    tiering: fc.constantFrom(undefined, undefined, undefined, 'archival-in-progress'),
    sharedWith: fc.constantFrom<string[]>([], [], ['123']),
    lock: fc.constantFrom(undefined, undefined, 'compliance'),
  }),
);
const objectDetail = seenOr(
  fc.option(
    fc.record({ provenance: tags, tags, lock: fc.constantFrom(undefined, undefined, 'legal hold') }),
    { nil: undefined },
  ),
);
const uploadDetail = seenOr(
  fc.option(fc.record({ sizeBytes: fc.nat(), newestPartAt: time }), { nil: undefined }),
);

const list = <T extends ResourceFact>(resource: fc.Arbitrary<T>) =>
  fc.uniqueArray(resource, { selector: refOf, maxLength: 4 });

const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    instances: list(anyInstance),
    uploads: list(anyUpload),
    objects: list(anyObject),
    tasks: list(anyTask),
    snapshots: list(anySnapshot),
    images: list(anyImage),
    gaps: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(anyGap, { maxLength: 2 })),
  })
  .chain((given) =>
    fc
      .record({
        uploads: looks(given.uploads, uploadDetail),
        objects: looks(given.objects, objectDetail),
        snapshots: looks(given.snapshots, snapshotDetail),
        images: looks(given.images, imageDetail),
      })
      .map((looked) => facts({ ...given, regions: [region, 'us-east-1'], details: details(looked) })),
  );

function looks<T>(
  resources: readonly ResourceFact[],
  detail: fc.Arbitrary<Examined<T> | undefined>,
): fc.Arbitrary<Map<string, Examined<T>>> {
  return fc.tuple(...resources.map(() => detail)).map(
    (found) =>
      new Map(
        resources.flatMap((resource, at) => {
          const look = found[at];
          return look === undefined ? [] : [[refOf(resource), look] as const];
        }),
      ),
  );
}

const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    olderThanMs: fc.constantFrom(0, 24, 48).map((hours) => hours * 3_600_000),
    superseded: fc.boolean(),
    amis: fc.constantFrom([], ['ami-0a']),
    deregisterNow: fc.boolean(),
    keepTags: fc.constantFrom([], [{ key: 'hold' }]),
    keepSuffixes: fc.constantFrom([], ['44']),
  })
  .map(policy);

/** Checks a property of every resource that a plan deletes, told of the fact behind it. */
function ofEveryDeletion(
  check: (given: {
    fact: ResourceFact;
    resource: ResourceToDelete;
    facts: Facts;
    policy: Policy;
    plan: Plan;
  }) => void,
): void {
  let deletions = 0;
  fc.assert(
    fc.property(anyFacts, anyPolicy, (given, rules) => {
      const plan = planSweep(given, rules);
      const { instances, uploads, objects, tasks, snapshots, images } = given;
      const all: ResourceFact[] = [instances, uploads, objects, tasks, snapshots, images].flat();
      for (const resource of resourcesToDelete(plan)) {
        deletions++;
        const fact = all.find(
          (candidate) => refOf(candidate) === resource.ref && candidate.kind === resource.kind,
        )!;
        check({ fact, resource, facts: given, policy: rules, plan });
      }
    }),
    { numRuns: 2000 },
  );
  // A planner that deletes nothing would have every property here.
  expect(deletions).toBeGreaterThan(200);
}

it('deletes nothing without proof that ec2-image created it', () => {
  ofEveryDeletion(({ fact, resource, facts: given }) => {
    expect(resource.proof).not.toBe('');
    const { proofs } = relationsOf(given);
    if (fact.kind === 'instance') expect(isTestInstance(fact)).toBe(true);
    if (fact.kind === 'task') expect(proofs.task(fact)).toBeDefined();
    if (fact.kind === 'snapshot') expect(proofs.snapshot(fact)).toBeDefined();
    if (fact.kind === 'ami') expect(proofs.image(fact)).toBeDefined();
    if (fact.kind === 'upload' || fact.kind === 'object') {
      expect(fact.bucket).toBe(bucket);
      expect(fact.key).toMatch(/^ec2-image\/fedora-i4[34]\/0123456789ab\.vhdx$/);
    }
  });
});

it('deletes nothing younger than the minimum age, nor anything of unknown age', () => {
  ofEveryDeletion(({ resource, policy: { olderThanMs } }) => {
    expect(resource.lastActivityAt).not.toBeNull();
    expect(now - Date.parse(resource.lastActivityAt!)).toBeGreaterThanOrEqual(olderThanMs);
  });
});

it('terminates no instance whose test may still run, or that stops', () => {
  ofEveryDeletion(({ fact }) => {
    if (fact.kind !== 'instance') return;
    expect(now - fact.startedAt!).toBeGreaterThanOrEqual(policies.bootTest.limitMs);
    expect(fact.state).not.toBe('stopping');
  });
});

it('deletes no snapshot that an AMI uses which stays, and none that lives', () => {
  ofEveryDeletion(({ fact, facts: { images, tasks }, plan }) => {
    if (fact.kind !== 'snapshot') return;
    const goes = new Set(resourcesToDelete(plan).map(({ ref }) => ref));
    for (const user of images) {
      if (user.region === fact.region && user.snapshotIds.includes(fact.snapshotId)) {
        expect(goes).toContain(refOf(user));
      }
    }
    expect(['completed', 'error']).toContain(fact.state);
    const makers = tasks.filter(
      (maker) => maker.region === fact.region && maker.snapshotId === fact.snapshotId,
    );
    // Of several tasks that claim one snapshot, the planner may believe only one.
    if (makers.length === 1 && relationsOf(facts({ tasks })).proofs.task(makers[0]!)) {
      expect(taskPhase(makers[0]!)).toBe('ended');
    }
  });
});

it('deletes no snapshot of another origin, and no AMI that was copied', () => {
  ofEveryDeletion(({ fact }) => {
    if (fact.kind === 'snapshot') expect(fact.origin.kind).not.toBe('foreign');
    if (fact.kind === 'ami') expect(fact.foreignOrigin).toBeUndefined();
  });
});

it('deletes no object that a running task reads', () => {
  ofEveryDeletion(({ fact, facts: { tasks }, plan }) => {
    if (fact.kind !== 'object') return;
    const goes = new Set(resourcesToDelete(plan).map(({ ref }) => ref));
    for (const reader of tasks) {
      if (reader.bucket !== fact.bucket || reader.key !== fact.key || taskPhase(reader) === 'ended') continue;
      expect(goes).toContain(refOf(reader));
    }
  });
});

it('deletes nothing that is in use, shared or protected', () => {
  ofEveryDeletion(({ fact, facts: { details: seen } }) => {
    if ('tags' in fact) {
      expect(fact.tags).not.toHaveProperty('permanent', 'true');
      expect(Object.keys(fact.tags).filter((name) => name.startsWith('aws:'))).toEqual([]);
    }
    if (fact.kind === 'ami') {
      expect(fact.isPublic).toBe(false);
      expect(fact.protection).toBeUndefined();
      expect(seen.images.get(refOf(fact))).toMatchObject({ seen: { references: [], sharedWith: [] } });
    }
    if (fact.kind === 'snapshot') {
      expect(fact.tier).toBeUndefined();
      expect(seen.snapshots.get(refOf(fact))).toMatchObject({
        seen: { references: [], fastRestores: [], tiering: undefined, sharedWith: [], lock: undefined },
      });
    }
    if (fact.kind === 'object') {
      expect(seen.objects.get(refOf(fact))).toMatchObject({ seen: { lock: undefined } });
    }
  });
});

it('deletes nothing that a failed list has to do with', () => {
  const rests: Record<ResourceFact['kind'], readonly string[]> = {
    instance: ['instances'],
    upload: ['uploads'],
    object: ['objects', 'tasks'],
    task: ['tasks'],
    snapshot: ['snapshots', 'images', 'tasks'],
    ami: ['images'],
  };
  ofEveryDeletion(({ fact, facts: { gaps } }) => {
    expect(gaps.filter((gap) => gap.region === fact.region && rests[fact.kind].includes(gap.what))).toEqual(
      [],
    );
  });
});

it('deletes a healthy AMI only when asked to', () => {
  ofEveryDeletion(({ fact, policy: rules }) => {
    if (fact.kind !== 'ami' || (fact.state !== 'available' && fact.state !== 'disabled')) return;
    expect(rules.superseded || rules.amis.includes(fact.imageId)).toBe(true);
    // Disabled first, by the janitor, and not enabled since.
    if (!rules.deregisterNow) {
      expect(fact.state).toBe('disabled');
      expect(fact.tags[disabledKey]).toMatch(/^disabl/);
    }
  });
});

it('says of each resource one verdict, with one reason, and nothing twice', () => {
  fc.assert(
    fc.property(anyFacts, anyPolicy, (given, rules) => {
      const { resources } = planSweep(given, rules);
      expect(new Set(resources.map(({ ref, kind }) => `${kind} ${ref}`)).size).toBe(resources.length);
      for (const resource of resources) {
        expect('proof' in resource ? resource.proof : resource.reason).not.toBe('');
      }
    }),
  );
});

it('deletes nothing that was not examined, and examines nothing that is to be kept anyway', () => {
  fc.assert(
    fc.property(anyFacts, anyPolicy, (given, rules) => {
      const bare = { ...given, details: details() };
      const examined = new Set(resourcesToExamine(bare, rules).map((fact) => `${fact.kind} ${idOf(fact)}`));
      for (const resource of resourcesToDelete(planSweep(given, rules))) {
        if (isExamined(resource)) expect(examined).toContain(`${resource.kind} ${resource.id}`);
      }
      expect(resourcesToDelete(planSweep(bare, rules)).filter(isExamined)).toEqual([]);
    }),
  );
});

/** Of the others their list tells all. */
function isExamined({ kind }: ResourceToDelete): boolean {
  return kind !== 'task' && kind !== 'instance';
}
