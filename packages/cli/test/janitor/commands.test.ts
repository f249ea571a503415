import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '@ec2-image/janitor';
import { tagRecord } from '@ec2-image/provenance';
import { bucket } from '../support/account.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import {
  describe,
  expect,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  ourImageTags,
  ourTags,
  test,
} from './support.ts';

const [ami, snap, otherSnap] = [id('ami', 1), id('snap', 1), id('snap', 2)];
const where = ['--bucket', bucket];

const seedSnapshots = (account: JanitorAccount, count: number) =>
  account.seed({
    snapshots: Array.from({ length: count }, (_, number) => ({
      id: id('snap', number + 1),
      createdAt: hoursAgo(100),
      description: imported,
      tags: ourTags,
    })),
  });
const deny = (account: JanitorAccount, operation: string) =>
  account.aws.faults.add({
    match: { operation },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });

describe('janitor', () => {
  test('1: nothing: exit 0, no write', async ({ account }) => {
    const run = await account.run('janitor', ...where);
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('No leftovers found.'),
      stderr: '',
    });
    expect(account.changes()).toEqual([]);
  });

  test('2: leftovers, no --apply: exit 3, no mutating call', async ({ account }) => {
    seedSnapshots(account, 1);
    await account.putObject(100);
    const run = await account.run('janitor', ...where);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toMatch(/To delete: 2 resources, 6 B, at most 8 GiB of snapshots/);
    expect(run.stdout).toMatch(/snapshot +snap-0+1 \(fedora-i43\) +≤ 8 GiB +4d 4h\n +is tagged/);
    expect(account.changes()).toEqual([]);
  });

  test('--apply --yes deletes them: exit 0', async ({ account }) => {
    seedSnapshots(account, 2);
    await account.putObject(100);
    const run = await account.run('janitor', ...where, '--apply', '--yes');
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/Deleted: 3 resources, 6 B, at most 16 GiB of snapshots/);
    // Each is listed once, wherever: in a terminal both streams are on one screen.
    const lines = `${run.stdout}${run.stderr}`.split('\n').filter((line) => line.startsWith('deleted '));
    expect(lines.toSorted()).toEqual([
      'deleted   object    s3://disk-images/ec2-image/fedora-i43/0123456789ab.vhdx',
      `deleted   snapshot  ${snap} (fedora-i43)`,
      `deleted   snapshot  ${otherSnap} (fedora-i43)`,
    ]);
    expect(account.changes().sort()).toEqual(['DeleteObject', 'DeleteSnapshot', 'DeleteSnapshot']);
    expect(await account.contents()).toMatchObject({ snapshots: [], objects: [] });
  });

  test('--json prints the plan and the outcomes, and nothing else', async ({ account }) => {
    seedSnapshots(account, 1);
    type Document = { version: 1; janitor: { plan: Plan; outcomes?: { id: string; outcome: string }[] } };
    const told = (await account.run('janitor', ...where, '--json')).json<Document>();
    expect(told.janitor.plan).toMatchObject({
      account: '123456789012',
      resources: [{ id: snap, verdict: 'delete' }],
    });
    expect(told.janitor.outcomes).toBeUndefined();
    const done = (await account.run('janitor', ...where, '--json', '--apply', '--yes')).json<Document>();
    expect(done.janitor.outcomes).toMatchObject([{ id: snap, outcome: 'deleted' }]);
  });

  test('--quiet prints the ids of what would be, then of what was deleted', async ({ account }) => {
    seedSnapshots(account, 1);
    await account.putObject(100);
    const ids = [snap, 's3://disk-images/ec2-image/fedora-i43/0123456789ab.vhdx'];
    const told = await account.run('janitor', ...where, '--quiet');
    expect(told).toMatchObject({ exitCode: 3, stdout: `${ids.join('\n')}\n`, stderr: '' });
    const done = await account.run('janitor', ...where, '--quiet', '--apply', '--yes');
    expect(done).toMatchObject({ exitCode: 0, stdout: `${ids.join('\n')}\n`, stderr: '' });
  });

  test('27: --superseded: AccessDenied on the reference check: deletes no AMI, exit 4', async ({
    account,
  }) => {
    account.seed({
      images: [
        { id: ami, createdAt: hoursAgo(100), name: 'fedora-i43', snapshotIds: [], tags: ourImageTags },
        {
          name: 'fedora-i44',
          createdAt: hoursAgo(50),
          snapshotIds: [],
          tags: { ...ourImageTags, Name: 'fedora-i44' },
        },
      ],
    });
    deny(account, 'DescribeImageReferences');
    const run = await account.run('janitor', ...where, '--superseded', '--apply', '--yes');
    expect(run.exitCode).toBe(4);
    expect(run.stdout).toMatch(
      /references of us-east-1\/ami-0+1: these credentials may not call ec2:DescribeImageReferences: UnauthorizedOperation/,
    );
    expect(account.changes()).toEqual([]);
  });

  test('51, 53: --superseded: disables, then deregisters; what the Recycle Bin keeps is still charged', async ({
    account,
  }) => {
    const image = (name: string, hours: number) => ({
      createdAt: hoursAgo(hours),
      name,
      tags: { ...ourImageTags, Name: name },
    });
    account.seed({
      snapshots: [{ id: snap, createdAt: hoursAgo(100), description: imported, tags: ourTags }],
      images: [
        { ...image('fedora-i43', 100), id: ami, snapshotIds: [snap] },
        { ...image('fedora-i44', 50), snapshotIds: [] },
      ],
      retentionRules: [{ type: 'snapshot', days: 7 }],
    });
    const args = ['janitor', ...where, '--superseded'];
    const report = await account.run(...args);
    expect(report).toMatchObject({ exitCode: 3 });
    expect(report.stdout).toMatch(/To disable \(a later run deregisters.*\): 1 resource/);
    expect(report.stdout).toMatch(/Not visible to ec2-image: .*Batch, EMR, Elastic Beanstalk/);
    expect(account.changes()).toEqual([]);

    const first = await account.run(...args, '--apply', '--yes');
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(`Disabled: ${ami}\\. A later run`),
    });
    const second = await account.run(...args, '--apply', '--yes');
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toMatch(/Deleted: 2 resources/);
    expect(second.stdout).toMatch(
      new RegExp(`In the Recycle Bin, .* still charged:\\n  ${snap} in us-east-1, until \\d{4}-`),
    );
  });

  test('51: a plan to disable an AMI, carried out after that was done: deregisters nothing', async ({
    account,
  }) => {
    const file = join(await temporaryDirectory('plan'), 'plan.json');
    const [older, newer] = ['fedora-i43', 'fedora-i44'].map((name, at) => ({
      createdAt: hoursAgo(100 - 50 * at),
      name,
      snapshotIds: [],
      tags: { ...ourImageTags, Name: name },
    }));
    account.seed({ images: [{ ...older!, id: ami }, newer!] });
    const args = ['janitor', ...where, '--superseded'];
    await account.run(...args, '--save-plan', file);
    for (const more of [[], ['--now']]) {
      await account.run(...args, ...more, '--from-plan', file, '--apply', '--yes');
    }
    expect(account.changes()).toContain('DisableImage');
    expect(account.changes()).not.toContain('DeregisterImage');
  });

  test('28: throttling that never ends: exit 4', async ({ account }) => {
    seedSnapshots(account, 1);
    account.aws.faults.add({
      match: { operation: 'DescribeSnapshots' },
      times: 'always',
      action: { kind: 'error', preset: 'throttling' },
    });
    const run = await account.run('janitor', ...where, '--apply', '--yes');
    expect(run).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('RequestLimitExceeded') });
    expect(account.changes()).toEqual([]);
  });

  test('a deletion that fails: exit 4', async ({ account }) => {
    seedSnapshots(account, 1);
    deny(account, 'DeleteSnapshot');
    const run = await account.run('janitor', ...where, '--apply', '--yes');
    expect(run).toMatchObject({
      exitCode: 4,
      stdout: expect.stringMatching(/failed +snapshot +snap-0+1.*Unauthorized/),
    });
  });

  test('32: more than the cap: nothing deleted, exit 5', async ({ account }) => {
    seedSnapshots(account, 3);
    const run = await account.run('janitor', ...where, '--apply', '--yes', '--max-deletes', '2');
    expect(run).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('error TOO_MANY_DELETES') });
    expect(run.stdout).toMatch(/To delete: 3 resources/);
    expect(account.changes()).toEqual([]);
  });

  test('33: one of two buckets failing: the other is done, exit 4', async ({ account }) => {
    await account.putObject(100);
    const run = await account.run('janitor', ...where, '--bucket', 'of-somebody-else', '--apply', '--yes');
    expect(run.exitCode).toBe(4);
    expect(run.stdout).toMatch(/bucket of of-somebody-else: /);
    expect(account.changes()).toEqual(['DeleteObject']);
  });

  test.for([
    ['y', 3, ''],
    ['', 3, ''],
    ['\u0004', 3, ''],
    ['\u0003', 130, 'error INTERRUPTED'],
  ] as const)('asked in a terminal, %j is not a yes', async ([typed, exitCode, says], { account }) => {
    seedSnapshots(account, 1);
    for (const form of [[], ['--json'], ['--quiet']]) {
      const run = await account.runInTerminal(typed, 'janitor', ...where, '--apply', ...form);
      expect(run.exitCode, run.stderr).toBe(exitCode);
      expect(run.stderr).toContain('Delete 1 resource in account 123456789012?');
      expect(run.stderr).toContain(says);
      expect(run.stderr).toMatch(/^Nothing was deleted\.$/m);
      expect(`${run.stdout}${run.stderr}`).toMatch(/^To delete: 1 resource,/m);
    }
    expect(account.changes()).toEqual([]);
  });

  test('a yes deletes', async ({ account }) => {
    seedSnapshots(account, 1);
    expect((await account.runInTerminal('yes', 'janitor', ...where, '--apply')).exitCode).toBe(0);
    expect(account.changes()).toEqual(['DeleteSnapshot']);
  });

  test.for([
    ['--apply without a terminal and without --yes', ['--apply'], 2, 'NOT_CONFIRMED'],
    ['--expect-account of another account', ['--expect-account', '210987654321'], 1, 'ANOTHER_ACCOUNT'],
    ['an age that is none', ['--older-than', 'old'], 2, 'BAD_OPTION'],
    ['a cap that is none', ['--max-deletes', 'lots'], 2, 'BAD_OPTION'],
    ['an AMI that is none', ['--ami', 'fedora'], 2, 'BAD_OPTION'],
    ['a tag without a key', ['--keep-tag', '=x'], 2, 'BAD_OPTION'],
    ['regions and all of them', ['--all-regions'], 2, 'USAGE'],
    ['a plan that is not there', ['--from-plan', '/nowhere/plan.json'], 2, 'PLAN_NOT_FOUND'],
    ['a plan to write beside one to carry out', ['--from-plan', 'a', '--save-plan', 'b'], 2, 'USAGE'],
    ['a bucket name that is none', ['--bucket', 'a/b'], 2, 'BAD_OPTION'],
  ] as const)('refuses %s', async ([_, args, exitCode, code], { account }) => {
    seedSnapshots(account, 1);
    const run = await account.run('janitor', ...args);
    expect(run).toMatchObject({ exitCode, stderr: expect.stringContaining(`error ${code}`), stdout: '' });
    expect(account.changes()).toEqual([]);
  });

  test('what is kept by flags is kept', async ({ account }) => {
    seedSnapshots(account, 1);
    for (const flags of [
      ['--keep-suffix', '43'],
      ['--keep-tag', 'Name=fedora-i43'],
      ['--older-than', '5d'],
    ]) {
      expect((await account.run('janitor', ...where, ...flags)).exitCode).toBe(0);
    }
  });

  test('says so where no bucket is named', async ({ account }) => {
    expect((await account.run('janitor')).stdout).toContain('S3 was not scanned');
  });
});

describe('a saved plan', () => {
  const args = async () => ['--from-plan', join(await temporaryDirectory('plan'), 'plan.json')] as const;

  test('is carried out later: what it names, and no more', async ({ account }) => {
    seedSnapshots(account, 1);
    const [from, path] = await args();
    expect((await account.run('janitor', ...where, '--save-plan', path)).exitCode).toBe(3);
    account.seed({
      snapshots: [{ id: otherSnap, createdAt: hoursAgo(100), description: imported, tags: ourTags }],
    });
    const run = await account.run('janitor', ...where, from, path, '--apply', '--yes');
    expect(run.exitCode).toBe(0);
    expect((await account.contents()).snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([otherSnap]);
  });

  test('43: older than its expiry, or of another account: refused', async ({ account }) => {
    seedSnapshots(account, 1);
    const [from, path] = await args();
    await account.run('janitor', ...where, '--save-plan', path);
    const plan = JSON.parse(await readFile(path, 'utf8')) as Plan;
    for (const [change, code] of [
      [{ expiresAt: new Date(hoursAgo(1)).toISOString() }, 'PLAN_EXPIRED'],
      [{ madeAt: new Date(hoursAgo(25)).toISOString(), expiresAt: '2999-01-01T00:00:00Z' }, 'PLAN_EXPIRED'],
      [{ madeAt: new Date(hoursAgo(-1)).toISOString() }, 'PLAN_FROM_THE_FUTURE'],
      [{ account: '210987654321' }, 'PLAN_OF_ANOTHER_ACCOUNT'],
      [{ version: 2 }, 'PLAN_UNREADABLE'],
    ] as const) {
      await writeFile(path, JSON.stringify({ ...plan, ...change }));
      const run = await account.run('janitor', ...where, from, path, '--apply', '--yes');
      expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`error ${code}`) });
    }
    expect(account.changes()).toEqual([]);
  });

  describe('47: with edited bucket, prefix, policy, ids', () => {
    const [healthy, foreign] = [id('ami', 7), id('snap', 8)];
    const elsewhere = {
      region: 'eu-west-1',
      snapshots: [{ id: id('snap', 9), description: imported, tags: ourTags }],
    };
    let plan: Plan;
    let path: string;

    /** One leftover; beside it a healthy AMI created by ec2-image, another tool's snapshot, and a leftover in another region. */
    test.beforeEach(async ({ account }) => {
      seedSnapshots(account, 1);
      account.seed({
        snapshots: [{ id: foreign, createdAt: hoursAgo(1000), description: 'a backup' }],
        images: [
          { id: healthy, createdAt: hoursAgo(1000), name: 'fedora-i9', snapshotIds: [], tags: ourImageTags },
        ],
      });
      account.seed(elsewhere);
      await account.putObject(100);
      path = (await args())[1];
      await account.run('janitor', ...where, '--save-plan', path);
      plan = JSON.parse(await readFile(path, 'utf8'));
      account.aws.calls.clear();
    });

    const carryOut = async (account: JanitorAccount, edited: unknown, ...flags: string[]) => {
      await writeFile(path, JSON.stringify(edited));
      return account.run('janitor', '--from-plan', path, '--apply', '--yes', ...flags);
    };
    const leftover = () => plan.resources.find((resource) => resource.id === snap)!;
    const named = (kind: 'ami' | 'snapshot', resourceId: string, region = 'us-east-1') => ({
      ...leftover(),
      kind,
      id: resourceId,
      ref: `${region}/${resourceId}`,
      region,
    });

    test('policy, buckets and prefixes of the file are not believed', async ({ account }) => {
      const policy = { ...plan.policy, olderThanMs: 0, superseded: true, amis: [healthy] };
      const buckets = [{ bucket: 'made-up', region: 'us-east-1', versioning: 'Never' }];
      const edited = { ...plan, policy, buckets, prefixes: ['', 'x/'], regions: ['eu-west-1'] };
      const resources = [...plan.resources, named('ami', healthy), named('snapshot', foreign)];
      const run = await carryOut(account, { ...edited, resources }, ...where, '--older-than', '200h');
      expect(run.exitCode).toBe(0);
      expect(run.stdout).toMatch(new RegExp(`skipped +snapshot +${foreign}`));
      expect(account.changes()).toEqual([]);
      const now = await carryOut(account, { ...edited, resources }, ...where);
      expect(now.exitCode).toBe(0);
      expect(account.changes().sort()).toEqual(['DeleteObject', 'DeleteSnapshot']);
      const { images, snapshots } = await account.contents();
      expect(images.map(({ ImageId }) => ImageId)).toEqual([healthy]);
      expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([foreign]);
    });

    test.for([
      ['another region', () => named('snapshot', id('snap', 9), 'eu-west-1'), 'PLAN_OUT_OF_SCOPE'],
      ['an id without its ref', () => ({ ...leftover(), id: foreign }), 'PLAN_UNREADABLE'],
      ['another kind', () => ({ ...leftover(), kind: 'ami' }), 'PLAN_UNREADABLE'],
      [
        'a bucket that is not looked in',
        () => ({ ...leftover(), kind: 'object', bucket: 'b', key: 'k', id: 'k', ref: 's3://b/k' }),
        'PLAN_OUT_OF_SCOPE',
      ],
    ] as const)('refused: %s', async ([_, edit, code], { account }) => {
      const run = await carryOut(account, { ...plan, resources: [...plan.resources, edit()] }, ...where);
      expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`error ${code}`) });
      expect(account.changes()).toEqual([]);
    });

    test('without the flags that it was made with, it is refused with what to do', async ({ account }) => {
      const run = await carryOut(account, plan);
      expect(run).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/error PLAN_OUT_OF_SCOPE.*\n.*--bucket/),
      });
      expect(account.changes()).toEqual([]);
    });

    test('the cap of the flags holds, and what is gone is told', async ({ account }) => {
      expect((await carryOut(account, plan, ...where, '--max-deletes', '1')).exitCode).toBe(5);
      expect(account.changes()).toEqual([]);
      const gone = id('snap', 6);
      const run = await carryOut(
        account,
        { ...plan, resources: [...plan.resources, named('snapshot', gone)] },
        ...where,
      );
      expect(run.exitCode).toBe(0);
      expect(run.stdout).toMatch(new RegExp(`gone +snapshot +${gone}`));
    });
  });
});

describe('tag-fix', () => {
  const seedImage = (
    account: JanitorAccount,
    tags: Record<string, string>,
    snapshotTags: Record<string, string> = ourTags,
  ) =>
    account.seed({
      snapshots: [{ id: snap, description: imported, tags: snapshotTags }],
      images: [{ id: ami, name: 'fedora-i43', snapshotIds: [snap], tags }],
    });
  const { automation: _, ...lacking } = ourImageTags;

  test('37: one tag missing: adds that one, exit 0', async ({ account }) => {
    seedImage(account, lacking);
    const run = await account.run('tag-fix');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/ami-0+1 in us-east-1: tagged/) });
    expect(run.stdout).toContain('  + automation=false');
    expect(run.stdout).toMatch(/^2 of 2 AMIs and snapshots have all their tags\.$/m);
    expect(account.changes()).toEqual(['CreateTags']);
  });

  test('--dry-run shows the same and writes nothing', async ({ account }) => {
    seedImage(account, lacking);
    const run = await account.run('tag-fix', ami, '--dry-run');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('would be tagged') });
    expect(account.changes()).toEqual([]);
  });

  test('38: a tag with another value: reports, overwrites nothing, exit 1', async ({ account }) => {
    seedImage(account, { ...ourImageTags, Name: 'mine' });
    const run = await account.run('tag-fix', '--json');
    expect(run.exitCode).toBe(1);
    expect(run.json()).toMatchObject({
      'tag-fix': {
        resources: [
          { id: ami, conflicts: [{ key: 'Name', value: 'mine', wanted: 'fedora-i43' }] },
          { id: snap },
        ],
      },
    });
    expect(account.changes()).toEqual([]);
  });

  test('39: all present: no write, exit 0', async ({ account }) => {
    seedImage(account, ourImageTags);
    const run = await account.run('tag-fix');
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: '2 of 2 AMIs and snapshots have all their tags.\n',
    });
    expect(account.changes()).toEqual([]);
  });

  test('40: an AMI that ec2-image did not create: refuses, says what proof it looked for', async ({
    account,
  }) => {
    seedImage(account, {}, {});
    const run = await account.run('tag-fix', ami, ...where);
    expect(run).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('refused: not identifiable as created by ec2-image: looked for'),
    });
    expect(account.changes()).toEqual([]);
  });

  test('names an AMI of other making by --name and --suffix', async ({ account }) => {
    seedImage(account, {}, {});
    expect((await account.run('tag-fix', ami, '--name', 'fedora', '--suffix', '43')).exitCode).toBe(0);
    const { images } = await account.contents();
    expect(images[0]?.Tags).toEqual(expect.arrayContaining([{ Key: 'Name', Value: 'fedora-i43' }]));
  });

  test('refuses a name and suffix that do not make the AMI’s own name, and says which do', async ({
    account,
  }) => {
    seedImage(account, {}, {});
    const run = await account.run('tag-fix', ami, '--name', 'fedora', '--suffix', '44');
    expect(run).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/error NAME_CONTRADICTS_AMI: .*\n.*--name fedora --suffix 43/),
    });
    const forced = await account.run('tag-fix', ami, '--name', 'fedora', '--suffix', '44', '--force');
    expect(forced.stderr).toContain('NAME_CONTRADICTS_AMI');
    expect(account.changes()).toEqual([]);
  });

  test('--force corrects a wrong tag of ec2-image, and nothing else', async ({ account }) => {
    const theirs = { team: 'x', automation: 'true' };
    seedImage(account, { ...ourImageTags, ...theirs, Name: 'fedora-i44' });
    const told = await account.run('tag-fix', '--force', '--dry-run');
    expect(told.stdout).toContain('  ~ Name=fedora-i43, instead of fedora-i44');
    expect(account.changes()).toEqual([]);
    const run = await account.run('tag-fix', '--force');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('    automation=true\n') });
    const [image] = (await account.contents()).images;
    expect(tagRecord(image?.Tags)).toEqual({ ...ourImageTags, ...theirs });
    expect(account.changes()).toEqual(['CreateTags']);
  });

  test('--force gives an AMI the whole origin that its snapshot proves', async ({ account }) => {
    const wrong = {
      'ec2-image:source-digest': `sha256:${'f'.repeat(64)}`,
      'ec2-image:source-url': 'https://example.org/another.qcow2',
    };
    seedImage(account, { ...ourImageTags, ...wrong });
    expect((await account.run('tag-fix')).exitCode).toBe(1);
    expect(account.changes()).toEqual([]);
    expect((await account.run('tag-fix', '--force')).exitCode).toBe(0);
    const [image] = (await account.contents()).images;
    expect(tagRecord(image?.Tags)).toEqual(ourImageTags);
  });

  test('--force leaves alone what nothing proves to be wrong', async ({ account }) => {
    const tags = { ...ourImageTags, 'ec2-image:source-digest': `sha256:${'f'.repeat(64)}` };
    seedImage(account, tags, {});
    expect((await account.run('tag-fix', '--force')).exitCode).toBe(0);
    const [image] = (await account.contents()).images;
    expect(tagRecord(image?.Tags)).toEqual(tags);
  });

  test.for([
    [['--name', 'fedora'], 'USAGE'],
    [['--name', 'fedora', '--suffix', '43'], 'USAGE'],
    [['ami-nonsense'], 'BAD_OPTION'],
  ] as const)('refuses %j', async ([args, code], { account }) => {
    const run = await account.run('tag-fix', ...args);
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`error ${code}`) });
  });
});
