import type { Plan, Resource, ResourceToDelete, SweepOutcome } from '@ec2-image/janitor';
import { describe, expect, test } from 'vitest';
import { renderCommandLine } from '../../src/command-line.ts';
import { exitCodes } from '../../src/errors/exit-code.ts';
import { type JanitorResult, janitorExitCode } from '../../src/janitor/outcome.ts';
import { renderPlan, sweepDocument } from '../../src/render/janitor-report.ts';
import { renderOutcome, renderOutcomes, renderRecycled } from '../../src/render/sweep-report.ts';
import {
  renderTagFix,
  type TagFixResult,
  tagFixDocument,
  tagFixExitCode,
} from '../../src/render/tag-fix-report.ts';

const base = {
  region: 'eu-west-1',
  lastActivityAt: '2026-11-18T12:00:00.000Z',
  ageSeconds: 4 * 86_400,
  dependents: [],
} as const;
const upload: Resource = {
  ...base,
  kind: 'upload',
  ref: 's3://imports/ec2-image/fedora-i43/0123456789ab.vhdx?uploadId=abcdefghijklmnop',
  id: 'abcdefghijklmnop',
  name: 'fedora-i43',
  bucket: 'imports',
  key: 'ec2-image/fedora-i43/0123456789ab.vhdx',
  sizeBytes: 12 * 2 ** 20,
  sizeIsUpperBound: false,
  verdict: 'delete',
  proof: 'incomplete upload',
};
const deleted: Resource = {
  ...base,
  kind: 'snapshot',
  ref: 'eu-west-1/snap-0a',
  id: 'snap-0a',
  name: 'fedora-i43',
  sizeBytes: 4 * 2 ** 30,
  sizeIsUpperBound: true,
  verdict: 'delete',
  proof: 'is tagged ec2-image:source-digest=sha256:ab',
};
const kept: Resource = {
  ...base,
  kind: 'snapshot',
  ref: 'eu-west-1/snap-0b',
  id: 'snap-0b',
  sizeBytes: null,
  sizeIsUpperBound: true,
  ageSeconds: null,
  verdict: 'keep',
  code: 'too-recent',
  reason: 'started 4m ago (minimum age 24h)',
  suggestion: ['import', '--name', "it's"],
};

const planOf = (fields: Partial<Plan> = {}): Plan => ({
  version: 1,
  account: '123456789012',
  regions: ['eu-west-1'],
  buckets: [{ bucket: 'imports', region: 'eu-west-1', versioning: 'Enabled' }],
  prefixes: ['ec2-image/'],
  madeAt: '2026-11-22T12:00:00.000Z',
  expiresAt: '2026-11-23T12:00:00.000Z',
  policy: {
    olderThanMs: 1,
    keepTags: [],
    keepSuffixes: [],
    amis: [],
    superseded: false,
    deregisterNow: false,
    names: [],
  },
  resources: [],
  gaps: [],
  notices: [],
  ...fields,
});

describe('the report', () => {
  test('groups by verdict, with sums, and says what would complete it', () => {
    expect(`${renderPlan(planOf({ resources: [upload, deleted, kept] }))}\n`).toMatchInlineSnapshot(`
      "Account 123456789012, eu-west-1, s3://imports/ec2-image/ (with its versions), at 2026-11-22T12:00:00.000Z

      To delete: 2 resources, 12 MiB, at most 4 GiB of snapshots
      KIND      WHAT                                                                       SIZE     AGE
      upload    s3://imports/ec2-image/fedora-i43/0123456789ab.vhdx (upload abcdefghijkl)  12 MiB   4d
          incomplete upload
      snapshot  snap-0a (fedora-i43)                                                       ≤ 4 GiB  4d
          is tagged ec2-image:source-digest=sha256:ab

      Kept: 1 resource
      KIND      WHAT     SIZE  AGE  WHY
      snapshot  snap-0b  -     -    too recent: started 4m ago (minimum age 24h)

      To complete them:
        ec2-image import --name 'it'\\''s'
      "
    `);
  });

  test('says where nothing is left over, what was not read and what to know', () => {
    const gaps = [{ what: 'images', region: 'eu-west-1', detail: 'AccessDenied: no' } as const];
    expect(`${renderPlan(planOf({ gaps, notices: ['S3 was not scanned.'] }))}\n`).toMatchInlineSnapshot(`
      "Account 123456789012, eu-west-1, s3://imports/ec2-image/ (with its versions), at 2026-11-22T12:00:00.000Z

      No leftovers found in what could be read.

      Could not be read (dependent resources are kept):
        images of eu-west-1: AccessDenied: no

      S3 was not scanned.
      "
    `);
  });

  test('shows a few of many that are kept for one reason, and counts the others', () => {
    const many = Array.from({ length: 53 }, (_, number): Resource => ({ ...kept, id: `snap-${number}` }));
    const report = renderPlan(planOf({ resources: many }));
    expect(report).toContain('Kept: 53 resources');
    expect(report.match(/^snapshot /gm)).toHaveLength(50);
    expect(report).toContain('and 3 more that are kept (too recent): --json lists them all');
  });

  test('tells regions apart where there are several', () => {
    const report = renderPlan(planOf({ regions: ['eu-west-1', 'us-east-1'], resources: [deleted] }));
    expect(report).toMatch(/REGION/);
    expect(report).toMatch(/snap-0a \(fedora-i43\) +eu-west-1/);
  });

  test('keeps to the width of the terminal, and loses nothing', () => {
    const wide = {
      ...kept,
      reason: 'an import made it, and no import task is known to have made it. '.repeat(4),
    };
    const resources = [deleted, wide];
    for (const width of [60, 100, 140, 300]) {
      const lines = renderPlan(planOf({ buckets: [], resources }), { width }).split('\n');
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      const words = lines.join(' ').replaceAll(/ +/g, ' ');
      expect(words).toContain(wide.reason.trimEnd());
      expect(words).toContain('is tagged ec2-image:source-digest=sha256:ab');
    }
  });

  test('of a sweep has a line for each resource, and sums what was deleted, not what was to be', () => {
    const outcomes: SweepOutcome[] = [
      { resource: upload as ResourceToDelete, outcome: 'deleted' },
      { resource: deleted as ResourceToDelete, outcome: 'failed', detail: 'still in use' },
    ];
    expect(`${outcomes.map(renderOutcome).join('\n')}\n${renderOutcomes(outcomes)}\n`).toMatchInlineSnapshot(`
      "deleted   upload    s3://imports/ec2-image/fedora-i43/0123456789ab.vhdx (upload abcdefghijkl)
      failed    snapshot  snap-0a (fedora-i43): still in use
      Deleted: 1 resource, 12 MiB
      Not deleted: 1 failed
      "
    `);
  });
});

test('what a retention rule keeps is named with its time, and an unread bin with its reason', () => {
  const found = {
    recycled: [{ kind: 'snapshot', region: 'us-east-1', id: 'snap-0a', until: '2026-11-29T00:00:00.000Z' }],
    unread: [{ region: 'eu-west-1', detail: 'denied' }],
  } as const;
  expect(renderRecycled(found).join('\n')).toMatchInlineSnapshot(`
    "In the Recycle Bin, by a retention rule of this account, and still charged:
      snap-0a in us-east-1, until 2026-11-29T00:00:00.000Z
    The Recycle Bin of eu-west-1 could not be read, so what was deleted may still be charged: denied"
  `);
  expect(renderRecycled(undefined)).toEqual([]);
});

test.each([
  ['nothing', planOf(), {}, 0],
  ['something kept', planOf({ resources: [kept] }), {}, 0],
  ['leftovers', planOf({ resources: [deleted, kept] }), {}, 3],
  ['leftovers and a gap', planOf({ resources: [deleted], gaps: [{ what: 'images', detail: '' }] }), {}, 4],
  [
    'all deleted',
    planOf({ resources: [deleted] }),
    { outcomes: [{ resource: deleted, outcome: 'deleted' }] },
    0,
  ],
  [
    'one skipped',
    planOf({ resources: [deleted] }),
    { outcomes: [{ resource: deleted, outcome: 'skipped' }] },
    0,
  ],
  [
    'one failed',
    planOf({ resources: [deleted] }),
    { outcomes: [{ resource: deleted, outcome: 'failed' }] },
    4,
  ],
  ['beyond the cap', planOf({ resources: [deleted] }), { stoppedByCap: 0 }, 5],
  ['dead work files', planOf(), { workFiles: [{ name: 'a', path: 'a', sizeBytes: 1, live: false }] }, 3],
  ['work files in use', planOf(), { workFiles: [{ name: 'a', path: 'a', sizeBytes: 1, live: true }] }, 0],
  [
    'work files removed',
    planOf(),
    { workFiles: [{ name: 'a', path: 'a', sizeBytes: 1, live: false }], removedWorkFiles: [] },
    0,
  ],
] as [string, Plan, Partial<JanitorResult>, number][])(
  'with %s the exit code is right',
  (_, plan, rest, code) => {
    expect(janitorExitCode({ plan, ...rest })).toBe(code);
  },
);

test('the document holds the plan, and the outcomes by reference', () => {
  const plan = planOf({ resources: [deleted] });
  expect(sweepDocument('janitor', { plan })).toEqual({ version: 1, janitor: { plan } });
  const outcomes = [{ resource: deleted, outcome: 'deleted' }] as JanitorResult['outcomes'];
  expect(sweepDocument('janitor', { plan, outcomes })).toMatchObject({
    janitor: {
      outcomes: [{ ref: 'eu-west-1/snap-0a', kind: 'snapshot', id: 'snap-0a', outcome: 'deleted' }],
    },
  });
});

test('a command line can be pasted into a shell', () => {
  expect(renderCommandLine(['import', '--name', "it's", '--url', 'https://a/b?c', '--tag', 'a=b c'])).toBe(
    `ec2-image import --name 'it'\\''s' --url 'https://a/b?c' --tag 'a=b c'`,
  );
});

describe('tag-fix', () => {
  const fix = {
    kind: 'ami',
    region: 'eu-west-1',
    id: 'ami-0a',
    proof: 'was made from snap-0a',
    before: { Name: 'mine' },
    add: { automation: 'false' },
    replace: {},
    conflicts: [{ key: 'Name', value: 'mine', wanted: 'fedora-i43' }],
  } as const;
  const complete = { ...fix, id: 'ami-0b', add: {}, conflicts: [] };
  const result = (
    fields: Partial<TagFixResult['plan']>,
    outcomes?: TagFixResult['outcomes'],
  ): TagFixResult => ({
    plan: { version: 1, account: '1', regions: ['eu-west-1'], fixes: [], refusals: [], gaps: [], ...fields },
    outcomes,
  });

  test('shows before and after', () => {
    const refusals = [{ id: 'ami-0c', reason: 'nothing proves it' }];
    expect(`${renderTagFix(result({ fixes: [fix, complete], refusals }))}\n`).toMatchInlineSnapshot(`
      "ami ami-0a in eu-west-1: would be tagged (was made from snap-0a)
          Name=mine
        + automation=false
        ! Name=mine, expected fedora-i43: not changed

      ami-0c: refused: nothing proves it

      1 of 2 AMIs and snapshots have all their tags.
      "
    `);
  });

  test('says so where nothing is missing', () => {
    expect(renderTagFix(result({ fixes: [complete] }))).toBe(
      '1 of 1 AMIs and snapshots have all their tags.',
    );
    expect(renderTagFix(result({}))).toBe('No AMIs or snapshots made by ec2-image were found.');
  });

  test.each([
    ['tagged', {}, '2 of 2'],
    ['unchanged', {}, '2 of 2'],
    ['failed', { detail: 'no' }, '1 of 2'],
  ] as const)('counts what this run has %s', (outcome, rest, expected) => {
    const missing = { ...fix, conflicts: [] };
    const outcomes = [{ fix: missing, outcome, after: {}, ...rest }];
    expect(renderTagFix(result({ fixes: [missing, complete] }, outcomes))).toContain(
      `${expected} AMIs and snapshots have all their tags.`,
    );
  });

  test.each([
    ['nothing to do', result({ fixes: [complete] }), exitCodes.done],
    ['another value', result({ fixes: [fix] }), exitCodes.failed],
    ['a refusal', result({ refusals: [{ id: 'a', reason: 'b' }] }), exitCodes.failed],
    ['a failure', result({ fixes: [complete] }, [{ fix, outcome: 'failed', after: {} }]), exitCodes.failed],
    ['a gap', result({ gaps: [{ what: 'images', detail: '' }], fixes: [fix] }), exitCodes.incomplete],
  ])('with %s the exit code is right', (_, given, code) => {
    expect(tagFixExitCode(given)).toBe(code);
  });

  test('the document has before, after and what was added', () => {
    const outcomes = [{ fix, outcome: 'tagged', after: { Name: 'mine', automation: 'false' } } as const];
    expect(tagFixDocument(result({ fixes: [fix] }, outcomes))).toMatchObject({
      version: 1,
      'tag-fix': {
        resources: [
          { id: 'ami-0a', before: { Name: 'mine' }, outcome: 'tagged', after: { automation: 'false' } },
        ],
      },
    });
  });
});
