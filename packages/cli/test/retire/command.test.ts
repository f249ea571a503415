import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeSnapshotAttributeCommand,
  EC2Client,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { bootTestKey, formatStartedAt, provenanceKeys } from '@ec2-image/provenance';
import {
  test as calm,
  describe,
  expect,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  ourImageTags,
  ourTags,
} from '../janitor/support.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const test = calm.override('conditions', 'adverse');
const [newest, older, copy] = [id('ami', 1), id('ami', 2), id('ami', 4)];
const copySnap = id('snap', 4);
const otherRegion = 'eu-west-1';
const [before, now] = ['210987654321', '333333333333'];

interface Retired {
  readonly retire: {
    readonly plan: { readonly regions: string[]; readonly resources: { id: string; verdict: string }[] };
    readonly outcomes?: { readonly id: string; readonly outcome: string; readonly detail?: string }[];
  };
}

const changesIn = (document: Retired) =>
  document.retire.plan.resources
    .filter(({ verdict }) => verdict !== 'keep')
    .map(({ id, verdict }) => `${id} ${verdict}`)
    .sort();
const outcomesIn = ({ retire: { outcomes = [] } }: Retired) =>
  outcomes.map(({ id, outcome }) => `${id} ${outcome}`).sort();

/** In each region a new AMI and an older one, which was shared, and deprecated four days ago. */
async function seedStreams(
  account: JanitorAccount,
  /** Of the older ones. */
  olderTags: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [region, first] of [
    ['us-east-1', 1],
    [otherRegion, 3],
  ] as const) {
    for (const [number, hours] of [
      [first, 100],
      [first + 1, 200],
    ] as const) {
      const createdAt = hoursAgo(hours);
      const started = { [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)) };
      const snapshot = id('snap', number);
      account.seed({
        region,
        snapshots: [{ id: snapshot, createdAt, description: imported, tags: { ...ourTags, ...started } }],
        images: [
          {
            id: id('ami', number),
            createdAt,
            name: `fedora-i${hours}`,
            snapshotIds: [snapshot],
            tags: {
              ...ourImageTags,
              ...started,
              'ec2-image:proof': 'full',
              ...(hours > 100 && olderTags),
            },
          },
        ],
      });
    }
    const ec2 = account.client(EC2Client, { region });
    const ImageId = id('ami', first + 1);
    await account.aged(96, async () => {
      const DeprecateAt = new Date(hoursAgo(95));
      await ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt }));
    });
    await ec2.send(
      new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ UserId: before }] } }),
    );
  }
  account.aws.calls.clear();
}

async function configured(lines: readonly string[] = []): Promise<string[]> {
  const path = join(await temporaryDirectory('retire'), 'ec2-image.yaml');
  await writeFile(
    path,
    [
      'region: us-east-1',
      `regions: [${otherRegion}]`,
      'retain: {count: 1, grace: 2d}',
      'poll-interval: 0.02',
      `share: {accounts: ["${now}"]}`,
      'images:',
      '  fedora: {}',
      ...lines,
      '',
    ].join('\n'),
  );
  return ['retire', '--config', path];
}

describe('retire', () => {
  test('reports what is to be done in every region, and changes nothing', async ({ account }) => {
    await seedStreams(account);
    const report = await account.runAsConfigured(...(await configured(['  debian: {}'])));
    expect(report.exitCode, report.stderr).toBe(3);
    expect(report.stdout).toMatch(/To disable \(a later run deregisters.*\): 2 resources/);
    expect(report.stdout).toContain('retained: the newest of fedora');
    expect(account.changes()).toEqual([]);
  });

  test('one region cannot be read: retires in the other, exit 4', async ({ account }) => {
    await seedStreams(account);
    account.aws.faults.add({
      match: { operation: 'DescribeImages', region: otherRegion },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const run = await account.runAsConfigured(...(await configured()), '--apply', '--yes', '--json');
    expect(run.exitCode, run.stderr).toBe(4);
    expect(outcomesIn(run.json())).toEqual([`${older} disabled`]);
  });

  test('enables, and does not share, an AMI that publish would refuse', async ({ account }) => {
    await seedStreams(account, { [bootTestKey]: 'failed' });
    // Somebody unshares it: nothing that publish would refuse is shared.
    await account.client(EC2Client, { region: otherRegion }).send(
      new ModifyImageAttributeCommand({
        ImageId: copy,
        LaunchPermission: { Remove: [{ UserId: before }] },
      }),
    );
    const apply = [...(await configured()), '--region', otherRegion, '--apply', '--yes'];
    const first = await account.runAsConfigured(...apply, '--json');
    expect(outcomesIn(first.json()), first.stderr).toEqual([`${copy} disabled`]);
    account.seed({ region: otherRegion, fleets: [{ imageIds: [copy] }] });
    const second = await account.runAsConfigured(...apply, '--json');
    expect(outcomesIn(second.json()), second.stderr).toEqual([`${copy} enabled`]);
    expect(second.stderr).toContain(
      `${copy} in ${otherRegion} is enabled, but not shared: its boot test has failed`,
    );
    const ec2 = account.client(EC2Client, { region: otherRegion });
    const { LaunchPermissions } = await ec2.send(
      new DescribeImageAttributeCommand({ ImageId: copy, Attribute: 'launchPermission' }),
    );
    const { CreateVolumePermissions } = await ec2.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: copySnap, Attribute: 'createVolumePermission' }),
    );
    expect([LaunchPermissions ?? [], CreateVolumePermissions ?? []]).toEqual([[], []]);
  });

  test('a saved plan is carried out, and no more; the cap changes nothing', async ({ account }) => {
    await seedStreams(account);
    const retire = await configured();
    const plan = join(await temporaryDirectory('plan'), 'plan.json');
    const saved = await account.run(...retire, '--save-plan', plan, '--json');
    expect(changesIn(saved.json())).toEqual([`${older} disable`]);
    const capped = await account.run(...retire, '--max-deletes', '0', '--apply', '--yes');
    expect(capped).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('TOO_MANY_DELETES') });
    expect(account.changes()).toEqual([]);
    for (const outcomes of [[`${older} disabled`], [`${older} skipped`]]) {
      const run = await account.run(...retire, '--from-plan', plan, '--apply', '--yes', '--json');
      expect(outcomesIn(run.json())).toEqual(outcomes);
    }
    expect(account.changes()).not.toContain('DeregisterImage');
  });

  test('a saved plan that is stale, or that somebody edited, retires nothing else', async ({ account }) => {
    await seedStreams(account);
    const retire = await configured();
    const path = join(await temporaryDirectory('plan'), 'plan.json');
    await account.run(...retire, '--save-plan', path);
    const saved = JSON.parse(await readFile(path, 'utf8')) as Retired['retire']['plan'] & object;
    const carryOut = async (edited: object) => {
      await writeFile(path, JSON.stringify({ ...saved, ...edited }));
      return account.run(...retire, '--from-plan', path, '--apply', '--yes', '--json');
    };
    const stale = await carryOut({ expiresAt: new Date(hoursAgo(1)).toISOString() });
    expect(stale).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('PLAN_EXPIRED') });
    const resources = saved.resources.map((resource) => ({ ...resource, verdict: 'delete', proof: 'mine' }));
    const edited = await carryOut({ policy: { retain: [{ name: 'fedora', count: 0 }] }, resources });
    expect(outcomesIn(edited.json())).toEqual([`${newest} skipped`, `${older} skipped`]);
    expect(account.changes()).toEqual([]);

    await account.ec2.send(new DeregisterImageCommand({ ImageId: older }));
    account.aws.calls.clear();
    expect(outcomesIn((await carryOut({})).json())).toEqual([`${older} gone`]);
    expect(account.changes()).toEqual([]);
  });

  test('without a configuration: the images and what is retained on the command line', async ({
    account,
  }) => {
    await seedStreams(account);
    const retain = ['--retain', '{"age": "150h", "grace": 0}'];
    const run = await account.runEverywhere('retire', 'fedora', ...retain, '--json');
    expect(run.exitCode, run.stderr).toBe(3);
    expect(changesIn(run.json())).toEqual([`${older} disable`, `${copy} disable`]);
    const kept = await account.run('retire', 'fedora', ...retain, '--keep-suffix', '200', '--json');
    expect(kept.exitCode).toBe(0);
    expect(changesIn(kept.json())).toEqual([]);
    const misspelt = await account.run('retire', 'fedroa', ...retain);
    expect(misspelt.exitCode).toBe(2);
    expect(misspelt.stderr).toContain('no AMI of it in us-east-1. Did you mean "fedora"?');
    expect(account.changes()).toEqual([]);
  });

  test('what uses them cannot be read: changes nothing, exit 4', async ({ account }) => {
    await seedStreams(account);
    account.aws.faults.add({
      match: { operation: 'DescribeImageReferences' },
      times: 'always',
      action: { kind: 'error', status: 403, code: 'UnauthorizedOperation' },
    });
    const run = await account.run(...(await configured()), '--apply', '--yes');
    expect(run.exitCode).toBe(4);
    expect(account.changes()).toEqual([]);
  });

  test.for<[string, string[], RegExp]>([
    ['nothing says what to retain', ['fedora'], /fedora.*give --retain/s],
    ['neither images nor a configuration', [], /no image has retain/],
    ['neither count nor age', ['fedora', '--retain', '{"grace": "1d"}'], /retain needs count or age/],
    ['a key that is none', ['fedora', '--retain', '{"counts": 1}'], /unknown key counts of retain/],
    ['none of any', ['fedora', '--retain', '{"count": 0}'], /whole number from 1/],
  ])('is refused before any call: %s', async ([, args, message], { account }) => {
    const run = await account.run('retire', ...args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(account.aws.calls.list()).toEqual([]);
  });
});
