import { readFile } from 'node:fs/promises';
import {
  CreateLaunchTemplateCommand,
  ImportSnapshotCommand,
  ModifyImageAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateMultipartUploadCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { CallRecord } from '@ec2-image/local-aws';
import { bootTestToken, metadataOf, tagList } from '@ec2-image/provenance';
import type { PolicyName } from '../../src/iam/permission.ts';
import { createPolicy, permissionTable } from '../../src/iam/policy-document.ts';
import { bucket } from '../support/account.ts';
import { sampleOf, sampleSeed } from '../support/sample.ts';
import {
  type Ended,
  expect,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  key,
  ourImageTags,
  ourTags,
  test,
} from './support.ts';

interface Policy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Condition?: object;
  }[];
}

/** Tests in which the commands have the published policy and nothing else, or not even one of its actions. */
function under(
  name: 'janitor' | 'tag-fix' | 'list' | 'status' | 'retire',
  { without }: { readonly without?: string } = {},
) {
  const scope = { regions: [], buckets: [bucket], keyPrefixes: ['ec2-image/'] };
  const { Statement, ...policy } = createPolicy([name], scope);
  const statements = (Statement as Policy['Statement'])
    .map((statement) => ({ ...statement, Action: statement.Action.filter((action) => action !== without) }))
    .filter(({ Action }) => Action.length > 0);
  return test.extend('policies', () => [{ ...policy, Statement: statements }]);
}

/** What the policy allows to whoever has it, and what only to EC2 on their behalf. */
async function readPolicy(name: string) {
  const text = await readFile(new URL(`../../../../docs/iam/${name}.json`, import.meta.url), 'utf8');
  const { Statement } = JSON.parse(text) as Policy;
  const actions = (direct: boolean) =>
    Statement.filter(({ Condition }) => isByEc2(Condition) !== direct).flatMap(({ Action }) => Action);
  expect(Statement.every(({ Effect }) => Effect === 'Allow')).toBe(true);
  return { direct: actions(true).sort(), byEc2: actions(false) };
}

function isByEc2(condition: object | undefined): boolean {
  return JSON.stringify(condition ?? {}).includes('aws:CalledVia');
}

/** What IAM calls the actions whose names are not those of their operations: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const s3Actions: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListParts: 'ListMultipartUploadParts',
};
const versioned: Readonly<Record<string, string>> = {
  GetObject: 'GetObjectVersion',
  GetObjectTagging: 'GetObjectVersionTagging',
  DeleteObject: 'DeleteObjectVersion',
};

function actionOf({ service, operation, parameters }: CallRecord): string[] {
  // Nobody can be denied this one.
  if (service === 'sts') return [];
  if (service !== 's3') return [`${service}:${operation}`];
  const action = s3Actions[operation] ?? operation;
  return [`s3:${(parameters.versionId !== undefined && versioned[action]) || action}`];
}

function actionsIn(account: JanitorAccount): string[] {
  return [...new Set(account.aws.calls.list().flatMap(actionOf))].sort();
}

/** Tagged as by ec2-image, with a time long past. */
async function startStalledImport(account: JanitorAccount): Promise<void> {
  account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: { kind: 'task-stalls' } });
  await account.ec2.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: key } },
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: tagList(ourTags) }],
    }),
  );
}

/** As by a boot test that was killed. */
async function startTestInstance(account: JanitorAccount, imageId: string): Promise<void> {
  const attempt = new Date(hoursAgo(98)).toISOString();
  const Tags = tagList({ ...ourImageTags, 'ec2-image:started-at': attempt });
  await account.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: imageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
      ClientToken: bootTestToken({ imageId, attempt }),
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
}

/**
 * Leftovers of every kind, a healthy AMI that is superseded, and three sweeps: of a bucket, of one with versions, and of
 * all regions. In the end nothing of it is left.
 *
 * @param begin is called once what the first sweep finds is there
 */
async function sweepEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  const createdAt = hoursAgo(100);
  const leftovers = async () => {
    await account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    await account.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a disk', Metadata: metadataOf(ourTags) }),
    );
  };
  account.seed({
    snapshots: [
      { id: id('snap', 1), createdAt, description: imported, tags: ourTags },
      { id: id('snap', 2), createdAt, description: imported, tags: ourTags },
    ],
    images: [
      { id: id('ami', 1), createdAt, name: 'fedora-i43', snapshotIds: [id('snap', 2)], tags: ourImageTags },
      {
        ...{ id: id('ami', 4), createdAt: hoursAgo(99), name: 'fedora-i44' },
        ...{ snapshotIds: [], tags: ourImageTags },
      },
    ],
  });
  const unlaunched = { LaunchTemplateName: 'web', LaunchTemplateData: { InstanceType: 't3.micro' as const } };
  await account.ec2.send(new CreateLaunchTemplateCommand(unlaunched));
  await account.ec2.send(
    new ModifyImageAttributeCommand({
      ImageId: id('ami', 1),
      LaunchPermission: { Add: [{ UserId: '123456789012' }] },
    }),
  );
  await account.aged(100, leftovers);
  await account.aged(98, () => startTestInstance(account, id('ami', 4)));
  await startStalledImport(account);
  begin();
  const apply = ['janitor', '--bucket', bucket, '--superseded', '--apply', '--yes'];
  const ends = [await account.run(...apply)];
  await account.s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await account.aged(100, leftovers);
  // Disabled so far: what comes into use now is enabled again, for whom it was there before.
  account.seed({ fleets: [{ imageIds: [id('ami', 1)] }] });
  ends.push(await account.run(...apply), await account.runEverywhere('janitor'));
  // Failed ones go at once.
  account.seed({
    images: [{ createdAt, name: 'fedora-i42', snapshotIds: [], state: 'failed', tags: ourImageTags }],
  });
  return [...ends, await account.run(...apply)];
}

under('janitor')('janitor.json allows what the janitor calls, and nothing else', async ({ account }) => {
  const ends = await sweepEverything(account, () => account.aws.calls.clear());
  expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(
    ends.map(() => [0, expect.anything()]),
  );
  const called = actionsIn(account);
  const own = new Set(['s3:PutBucketVersioning', 's3:PutObject', 's3:CreateMultipartUpload']);
  const { direct, byEc2 } = await readPolicy('janitor');
  expect(called.filter((action) => !own.has(action))).toEqual(direct);
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions
  expect(byEc2.sort()).toEqual([
    'imagebuilder:GetContainerRecipe',
    'imagebuilder:ListContainerRecipes',
    'imagebuilder:ListImageRecipes',
    'ssm:DescribeParameters',
    'ssm:GetParameters',
  ]);
});

const janitorActions = permissionTable.janitor.flatMap(({ actions }) => actions);
console.log(`the janitor without some of its ${janitorActions.length} actions; EC2_IMAGE_SEED=${sampleSeed}`);

for (const without of sampleOf(janitorActions, 2)) {
  under('janitor', { without })(
    `without ${without} the janitor does less, and says so`,
    { timeout: 120_000 },
    async ({ account }) => {
      const ends = await sweepEverything(account);
      const worst = Math.max(...ends.map(({ exitCode }) => exitCode));
      // What is deleted does not depend on the Recycle Bin: not to see it is told, and no failure.
      expect(worst === 0).toBe(/RecycleBin/.test(without));
      expect(namedIn(ends, { name: 'janitor', action: without }), said(ends)).toBe(true);
    },
  );
}

/** Messages name the action, or the operation that was refused. */
function namedIn(
  ends: readonly Ended[],
  { name, action }: { readonly name: PolicyName; readonly action: string },
): boolean {
  const calls = [
    ...Object.entries(s3Actions),
    ...Object.entries(versioned),
    ['HeadObject', 'GetObjectVersion'],
  ];
  const operations = calls
    .filter(([, name]) => `s3:${name}` === action)
    .map(([operation]) => `s3:${operation}`);
  const byEc2 = permissionTable[name].some(
    ({ actions, condition }) => isByEc2(condition) && actions.includes(action),
  );
  return [action, ...operations, ...(byEc2 ? ['ec2:DescribeImageReferences'] : [])].some((one) =>
    said(ends).includes(one),
  );
}

function said(ends: readonly Ended[]): string {
  return ends.map(({ stdout, stderr }) => stdout + stderr).join('\n');
}

under('tag-fix')('tag-fix.json allows what tag-fix calls, and nothing else', async ({ account }) => {
  account.seed(untagged);
  account.aws.calls.clear();
  expect((await account.run('tag-fix', id('ami', 1), '--bucket', bucket)).exitCode).toBe(0);
  expect((await account.run('tag-fix', '--bucket', bucket)).exitCode).toBe(0);
  expect((await account.runEverywhere('tag-fix')).exitCode).toBe(0);
  const called = actionsIn(account);
  const { direct, byEc2 } = await readPolicy('tag-fix');
  expect(called).toEqual(direct);
  expect(byEc2).toEqual([]);
});

/** Retires the oldest of a stream, and enables again what has come into use meanwhile. */
async function retireEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  const createdAt = hoursAgo(100);
  const pair = (number: number) => ({
    id: id('ami', number),
    name: `fedora-i${number}`,
    tags: { ...ourImageTags, 'ec2-image:proof': 'full' },
  });
  account.seed({
    snapshots: [2, 3].map((number) => ({
      id: id('snap', number),
      createdAt,
      description: imported,
      tags: ourTags,
      createVolumePermissions: ['210987654321'],
    })),
    images: [
      { ...pair(1), createdAt: hoursAgo(50), snapshotIds: [] },
      { ...pair(2), createdAt, snapshotIds: [id('snap', 2)] },
      { ...pair(3), createdAt, snapshotIds: [id('snap', 3)] },
    ],
  });
  const unlaunched = { LaunchTemplateName: 'web', LaunchTemplateData: { InstanceType: 't3.micro' as const } };
  await account.ec2.send(new CreateLaunchTemplateCommand(unlaunched));
  begin();
  const args = ['retire', 'fedora', '--retain', '{"count": 1, "grace": 0}', '--apply', '--yes'];
  const shared = ['--share', '{"accounts": ["333333333333"]}'];
  const ends = [await account.run(...args, ...shared)];
  await account.aged(-1, async () => {
    ends.push(await account.run(...args, ...shared));
    account.seed({ fleets: [{ imageIds: [id('ami', 3)] }] });
    ends.push(await account.run(...args, ...shared), await account.runEverywhere(...args));
  });
  return ends;
}

/** Shows what is unfinished: in all regions, and in a bucket that has versions. */
async function showUnfinished(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  account.seed(untagged);
  await account.putObject(3);
  await account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  begin();
  const ends = [await account.runEverywhere('status', '--bucket', bucket)];
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await account.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  await account.s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a disk', Metadata: metadataOf(ourTags) }),
  );
  return [...ends, await account.run('status', '--bucket', bucket)];
}

async function listEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  account.seed(untagged);
  begin();
  return [await account.run('list', '--bucket', bucket), await account.runEverywhere('list')];
}

/** What one command does in an account, all of it. */
const everything = { retire: retireEverything, status: showUnfinished, list: listEverything } as const;

for (const [name, use] of Object.entries(everything) as [keyof typeof everything, typeof listEverything][]) {
  under(name)(`${name}.json allows what ${name} calls, and nothing else`, async ({ account }) => {
    const ends = await use(account, () => account.aws.calls.clear());
    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(
      ends.map(() => [0, expect.anything()]),
    );
    const { direct, byEc2 } = await readPolicy(name);
    const own = new Set(['s3:PutBucketVersioning', 's3:PutObject']);
    expect(actionsIn(account).filter((action) => !own.has(action))).toEqual(direct);
    // EC2 looks for users in all of them, or only for parameters, or not at all.
    const all = ['ec2:DescribeInstances', ...(await readPolicy('janitor')).byEc2].sort();
    const wanted = { retire: all, status: [], list: all.filter((action) => action.startsWith('ssm:')) };
    expect(byEc2.sort()).toEqual(wanted[name]);
  });

  const actions = new Set(permissionTable[name].flatMap((permission) => permission.actions));
  for (const without of sampleOf([...actions], 1)) {
    under(name, { without })(
      `without ${without} ${name} does less, and says so`,
      { timeout: 120_000 },
      async ({ account }) => {
        const ends = await use(account);
        const worst = Math.max(...ends.map(({ exitCode }) => exitCode));
        // What is retired does not depend on the Recycle Bin: not to see it is told, and no failure.
        expect(worst === 0).toBe(/RecycleBin/.test(without));
        expect(namedIn(ends, { name, action: without }), said(ends)).toBe(true);
      },
    );
  }
}

const untagged = {
  snapshots: [{ id: id('snap', 1) }],
  images: [{ id: id('ami', 1), name: 'fedora-i43', snapshotIds: [id('snap', 1)], tags: ourTags }],
};

for (const without of permissionTable['tag-fix'].flatMap(({ actions }) => actions)) {
  under('tag-fix', { without })(`without ${without} tag-fix does less, and says so`, async ({ account }) => {
    account.seed(untagged);
    const ends = [await account.run('tag-fix', '--bucket', bucket), await account.runEverywhere('tag-fix')];
    expect(Math.max(...ends.map(({ exitCode }) => exitCode))).toBeGreaterThan(0);
    expect(namedIn(ends, { name: 'tag-fix', action: without })).toBe(true);
  });
}
