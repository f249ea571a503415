import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { formatStartedAt, provenanceKeys } from '@ec2-image/provenance';
import { test as base, describe, expect, vi } from 'vitest';
import {
  type Ended,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  openJanitorAccount,
  ourImageTags,
  ourTags,
  stubCredentials,
} from '../janitor/support.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { configured, otherRegion, type Scenario, type Stream, scenarios } from './scenarios.ts';

const regions = ['us-east-1', otherRegion];

interface Retired {
  readonly retire: {
    readonly plan: {
      readonly resources: readonly {
        readonly id: string;
        readonly verdict: string;
        readonly code?: string;
        readonly reason?: string;
      }[];
    };
    readonly outcomes?: readonly { readonly id: string; readonly outcome: string }[];
  };
}

const streams = scenarios.map(
  ({ region = 'us-east-1' }, index): Stream => ({
    name: `image-${index}`,
    region,
    newer: id('ami', 2 * index + 1),
    older: id('ami', 2 * index + 2),
    newerSnapshot: id('snap', 2 * index + 1),
    olderSnapshot: id('snap', 2 * index + 2),
  }),
);

function seedScenario(account: JanitorAccount, scenario: Scenario, stream: Stream): void {
  const made = (which: 'newer' | 'older', hours: number) => {
    const { tags, ...image } = scenario[which] ?? {};
    const createdAt = hoursAgo(hours);
    const own = {
      [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)),
      'ec2-image:name': stream.name,
      'ec2-image:proof': 'full',
    };
    const snapshot = which === 'older' ? stream.olderSnapshot : stream.newerSnapshot;
    account.seed({
      region: stream.region,
      snapshots: [
        {
          id: snapshot,
          createdAt,
          description: imported,
          tags: { ...ourTags, ...own },
          ...(which === 'older' && scenario.olderSnapshot),
        },
      ],
      images: [
        {
          id: stream[which],
          createdAt,
          name: `${stream.name}-i${hours}`,
          snapshotIds: [snapshot],
          ...(which === 'older' && { deprecatedAt: hoursAgo(96) }),
          ...image,
          tags: { ...ourImageTags, ...own, ...tags },
        },
      ],
    });
  };
  made('newer', 100);
  made('older', 200);
}

async function configure(): Promise<string> {
  const path = join(await temporaryDirectory('retire'), 'ec2-image.yaml');
  const images = scenarios.map(({ retain = { count: 1 } }, index) => [
    `image-${index}`,
    retain === null ? {} : { retain: { grace: '2d', ...retain } },
  ]);
  const shared = {
    share: { accounts: [configured] },
    'poll-interval': 0.02,
    images: Object.fromEntries(images),
  };
  // JSON is YAML.
  await writeFile(path, JSON.stringify({ region: regions[0], regions: regions.slice(1), ...shared }));
  return path;
}

/** All scenarios in one account: a report, and two runs that apply. */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('runs', { scope: 'file' }, async ({}, { onCleanup }) => {
  stubCredentials();
  const account = await openJanitorAccount({ conditions: 'adverse' });
  onCleanup(async () => {
    vi.unstubAllEnvs();
    await account[Symbol.asyncDispose]();
  });
  for (const [index, scenario] of scenarios.entries()) {
    seedScenario(account, scenario, streams[index]!);
    await scenario.before?.(account, streams[index]!);
  }
  account.aws.calls.clear();
  const retire = ['retire', '--config', await configure(), '--json'];
  const report = await account.runAsConfigured(...retire);
  const changedByReport = account.changes();
  const apply = () => account.runAsConfigured(...retire, '--apply', '--yes');
  const first = await apply();
  for (const [index, { meanwhile }] of scenarios.entries()) await meanwhile?.(account, streams[index]!);
  const second = await apply();
  return { account, report, changedByReport, first, second, left: await readLeft(account) };
});

async function readLeft(account: JanitorAccount) {
  const left = await Promise.all(
    regions.map(async (region) => {
      const ec2 = account.client(EC2Client, { region });
      const every = { Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true };
      const { Images = [] } = await ec2.send(new DescribeImagesCommand(every));
      const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
      return [
        ...Images.map(({ ImageId, State }) => [ImageId!, State!] as const),
        ...Snapshots.map(({ SnapshotId }) => [SnapshotId!, 'snapshot'] as const),
      ];
    }),
  );
  return new Map(left.flat());
}

function verdictOn(wanted: string, run: Ended): string {
  const found = run.json<Retired>().retire.plan.resources.find(({ id }) => id === wanted);
  if (!found) return 'none';
  return found.code === undefined ? found.verdict : `${found.verdict} ${found.code}`;
}

function outcomeOf(wanted: string, run: Ended): string | undefined {
  return run.json<Retired>().retire.outcomes?.find(({ id }) => id === wanted)?.outcome;
}

/** The first test runs the command three times. */
const timeout = 240_000;

describe('retire meets adverse conditions, and an AMI', { timeout }, () => {
  test.for(scenarios.map((scenario, index) => [scenario.title, scenario, streams[index]!] as const))(
    '%s',
    ({ 1: scenario, 2: { older, olderSnapshot } }, { runs: { report, first, second, left } }) => {
      expect(verdictOn(older, report)).toBe(scenario.report);
      expect(outcomeOf(older, first)).toBe(scenario.first);
      expect(outcomeOf(older, second)).toBe(scenario.second);
      if (scenario.reason) {
        const kept = [second, report].flatMap((run) =>
          run.json<Retired>().retire.plan.resources.filter(({ id }) => id === older),
        );
        expect(kept[0]?.reason).toMatch(scenario.reason);
      }
      expect(left.get(older) ?? left.get(olderSnapshot) ?? 'nothing').toBe(scenario.left);
    },
  );
});

test('a report changes nothing; an AMI that is enabled again is shared as configured', { timeout }, async ({
  runs,
}) => {
  const { account, report, changedByReport, first, second } = runs;
  expect(report.exitCode, report.stderr).toBe(3);
  expect(changedByReport).toEqual([]);
  expect([first.exitCode, second.exitCode], first.stderr + second.stderr).toEqual([0, 0]);
  const enabled = streams.filter((_, index) => scenarios[index]!.second === 'enabled');
  expect(enabled).toHaveLength(2);
  for (const { older, olderSnapshot, region } of enabled) {
    const ec2 = account.client(EC2Client, { region });
    const { LaunchPermissions } = await ec2.send(
      new DescribeImageAttributeCommand({ ImageId: older, Attribute: 'launchPermission' }),
    );
    const { CreateVolumePermissions } = await ec2.send(
      new DescribeSnapshotAttributeCommand({
        SnapshotId: olderSnapshot,
        Attribute: 'createVolumePermission',
      }),
    );
    expect([LaunchPermissions, CreateVolumePermissions]).toEqual([
      [{ UserId: configured }],
      [{ UserId: configured }],
    ]);
  }
});

test('nothing else is touched', { timeout }, ({ runs: { left } }) => {
  const goneByPlan = new Set(['retained again, since the newer one is gone: enabled again']);
  for (const [index, { title, newer }] of scenarios.entries()) {
    const stream = streams[index]!;
    const state = newer?.state ?? 'available';
    expect(left.get(stream.newer), title).toBe(goneByPlan.has(title) ? undefined : state);
    expect(left.get(stream.newerSnapshot), title).toBe('snapshot');
  }
});
