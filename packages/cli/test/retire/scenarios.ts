import {
  CreateLaunchTemplateCommand,
  DeregisterImageCommand,
  EC2Client,
  EnableImageCommand,
  LockSnapshotCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SeedImage, SeedSnapshot } from '@ec2-image/local-aws';
import { hoursAgo, type JanitorAccount } from '../janitor/support.ts';

/** A stream of two AMIs, the older of which has been deprecated for twice its grace. */
export interface Stream {
  readonly name: string;
  readonly region: string;
  readonly newer: string;
  readonly older: string;
  readonly olderSnapshot: string;
  readonly newerSnapshot: string;
}

type Act = (account: JanitorAccount, stream: Stream) => unknown;

export interface Scenario {
  readonly title: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Of the configuration; null: none. Default `{count: 1, grace: 2d}`. */
  readonly retain?: object | null;
  readonly older?: Partial<SeedImage>;
  readonly olderSnapshot?: Partial<SeedSnapshot>;
  readonly newer?: Partial<SeedImage>;
  /** Before the first run. */
  readonly before?: Act;
  /** Between the two runs with `--apply`. */
  readonly meanwhile?: Act;
  /** What becomes of the older AMI: what the report says, and what each of two runs with `--apply` does. */
  readonly report: string;
  readonly first?: string;
  readonly second?: string;
  /** Of what is kept, by the report or by the last run. */
  readonly reason?: RegExp;
  /** What is there at the end: the state of the older AMI, and whether its snapshot is. */
  readonly left: 'available' | 'disabled' | 'snapshot' | 'nothing';
}

export const otherRegion = 'eu-west-1';
export const [formerly, configured] = ['210987654321', '333333333333'];

const ec2 = (account: JanitorAccount, { region }: Stream) => account.client(EC2Client, { region });
const ssm = (account: JanitorAccount, { region }: Stream) => account.client(SSMClient, { region });
const parameter: Act = (account, stream) =>
  ssm(account, stream).send(
    new PutParameterCommand({ Name: `/images/${stream.name}/latest`, Value: stream.older, Type: 'String' }),
  );
const launchTemplate: Act = (account, stream) =>
  ec2(account, stream).send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: stream.name,
      LaunchTemplateData: { ImageId: stream.older },
    }),
  );
const instance: Act = (account, stream) =>
  account.aged(90, async () => {
    const one = { ImageId: stream.older, MinCount: 1, MaxCount: 1 };
    await ec2(account, stream).send(new RunInstancesCommand(one));
  });
const fleet: Act = (account, { region, older }) => account.seed({ region, fleets: [{ imageIds: [older] }] });

/** Goes by all steps. */
const goes = { report: 'disable', first: 'disabled', second: 'deleted', left: 'nothing' } as const;
const stays = (code: string, reason: RegExp) =>
  ({ report: `keep ${code}`, reason, left: 'available' }) as const;

export const scenarios: readonly Scenario[] = [
  { title: 'deprecated long ago, unused, shared with nobody', ...goes },
  { title: 'shared with another account', older: { launchPermissions: [formerly] }, ...goes },
  {
    title: 'public, with a snapshot that is shared',
    older: { launchPermissions: ['all'] },
    olderSnapshot: { createVolumePermissions: [formerly] },
    ...goes,
  },
  { title: 'in another region', region: otherRegion, ...goes },
  {
    title: 'not deprecated yet: that first, and the grace begins',
    older: { deprecatedAt: undefined, launchPermissions: [formerly] },
    report: 'deprecate',
    first: 'deprecated',
    reason: /^deprecated at .*, keeps its sharing until /,
    left: 'available',
  },
  {
    title: 'to be deprecated in a year: at once instead',
    older: { deprecatedAt: hoursAgo(-365 * 24) },
    report: 'deprecate',
    first: 'deprecated',
    left: 'available',
  },
  {
    title: 'the grace is not over',
    older: { deprecatedAt: hoursAgo(47) },
    ...stays('in-grace', /keeps its sharing until/),
  },
  {
    title: 'launched yesterday',
    older: { lastLaunchedAt: hoursAgo(20) },
    ...stays('too-recent', /last launched 20h/),
  },
  {
    title: 'latest: named by a parameter',
    before: parameter,
    ...stays('in-use', /parameter\/images.*latest/),
  },
  {
    title: 'latest, and not deprecated',
    older: { deprecatedAt: undefined },
    before: parameter,
    ...stays('in-use', /^named by .*latest/),
  },
  { title: 'named by a launch template', before: launchTemplate, ...stays('in-use', /launch-template\/lt-/) },
  { title: 'named by a fleet', before: fleet, ...stays('in-use', /used by fleet/) },
  {
    title: 'an instance of it in another region',
    region: otherRegion,
    before: instance,
    ...stays('in-use', /eu-west-1:.*instance\/i-/),
  },
  {
    title: 'disabled by somebody else',
    older: { state: 'disabled' },
    report: 'keep protected',
    reason: /somebody else disabled it/,
    left: 'disabled',
  },
  {
    title: 'disabled by the janitor',
    older: { state: 'disabled', tags: { 'ec2-image:janitor': 'disabled 2026-01-01T00:00:00Z superseded' } },
    report: 'keep healthy',
    reason: /janitor disabled it/,
    left: 'disabled',
  },
  {
    title: 'enabled by somebody after it was disabled',
    report: 'disable',
    first: 'disabled',
    meanwhile: (account, stream) =>
      ec2(account, stream).send(new EnableImageCommand({ ImageId: stream.older })),
    reason: /somebody enabled it/,
    left: 'available',
  },
  {
    title: 'in use between disabling and deregistration: enabled again, shared as configured',
    older: { launchPermissions: [formerly] },
    report: 'disable',
    first: 'disabled',
    meanwhile: fleet,
    second: 'enabled',
    left: 'available',
  },
  {
    title: 'retained again, since the newer one is gone: enabled again',
    report: 'disable',
    first: 'disabled',
    meanwhile: (account, stream) =>
      ec2(account, stream).send(new DeregisterImageCommand({ ImageId: stream.newer })),
    second: 'enabled',
    left: 'available',
  },
  {
    title: 'gone meanwhile',
    report: 'disable',
    first: 'disabled',
    meanwhile: (account, stream) =>
      ec2(account, stream).send(new DeregisterImageCommand({ ImageId: stream.older })),
    left: 'snapshot',
  },
  {
    title: 'deregistration protection',
    older: { isProtected: true },
    ...stays('protected', /deregistration protection/),
  },
  {
    title: 'a tag of AWS Backup',
    older: { tags: { 'aws:backup:source': 'x' } },
    ...stays('protected', /AWS/),
  },
  {
    title: 'tagged permanent=true',
    older: { tags: { permanent: 'true' } },
    ...stays('protected', /permanent=true/),
  },
  {
    title: 'its snapshot is locked, and stays',
    before: (account, stream) =>
      ec2(account, stream).send(
        new LockSnapshotCommand({
          SnapshotId: stream.olderSnapshot,
          LockMode: 'governance',
          LockDuration: 10,
        }),
      ),
    ...goes,
    left: 'snapshot',
  },
  {
    title: 'its snapshot is that of another AMI, too, and stays',
    before: (account, { region, name, olderSnapshot }) =>
      account.seed({ region, images: [{ name: `${name} by hand`, snapshotIds: [olderSnapshot] }] }),
    ...goes,
    left: 'snapshot',
  },
  { title: 'an image without retain', retain: null, report: 'none', left: 'available' },
  {
    title: 'the newer one is of another architecture',
    newer: { architecture: 'arm64' },
    ...stays('retained', /^the newest of/),
  },
  {
    title: 'the newer one does not boot',
    newer: { tags: { 'ec2-image:boot-test': 'failed' } },
    ...stays('retained', /^the newest of/),
  },
  {
    title: 'the newer one is disabled',
    newer: { state: 'disabled' },
    ...stays('retained', /^the newest of/),
  },
  { title: 'one of the newest two', retain: { count: 2 }, ...stays('retained', /one of the newest 2/) },
  {
    title: 'younger than the age',
    retain: { count: 1, age: '300h' },
    ...stays('retained', /retained for 12d/),
  },
  {
    title: 'a copy that somebody made, our tags on it',
    older: { sourceImageId: 'ami-0123456789abcdef0', sourceImageRegion: 'eu-west-1' },
    ...stays('no-proof', /copy/),
  },
];
