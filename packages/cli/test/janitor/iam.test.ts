import { readFile } from 'node:fs/promises';
import type { CallRecord } from '@ec2-image/local-aws';
import type { PolicyName } from '../../src/iam/permission.ts';
import { createPolicy, permissionTable } from '../../src/iam/policy-document.ts';
import { bucket } from '../support/account.ts';
import { sampleOf, sampleSeed } from '../support/sample.ts';
import { type Ended, expect, type JanitorAccount, test } from './support.ts';
import { wholeUses } from './whole-uses.ts';

type Command = keyof typeof wholeUses;

interface Policy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Condition?: object;
  }[];
}

/** Tests in which the commands have the published policy and nothing else, or not even one of its actions. */
function under(name: Command, { without }: { readonly without?: string } = {}) {
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

/** Of the tests themselves. */
const preparing: ReadonlySet<string> = new Set([
  's3:CreateMultipartUpload',
  's3:PutBucketVersioning',
  's3:PutObject',
]);

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions
const parameterSearch = ['ssm:DescribeParameters', 'ssm:GetParameters'];
const userSearch = [
  ...[
    'imagebuilder:GetContainerRecipe',
    'imagebuilder:ListContainerRecipes',
    'imagebuilder:ListImageRecipes',
  ],
  ...parameterSearch,
];

/** What EC2 looks up on behalf of the caller, who may not. */
const lookedUpByEc2: Readonly<Record<Command, readonly string[]>> = {
  // Instances it may list itself.
  janitor: userSearch,
  retire: ['ec2:DescribeInstances', ...userSearch],
  status: [],
  list: parameterSearch,
  'tag-fix': [],
};

const commands = Object.keys(wholeUses) as Command[];

for (const name of commands) {
  under(name)(`${name}.json allows what ${name} calls, and nothing else`, async ({ account }) => {
    const ends = await wholeUses[name](account, () => account.aws.calls.clear());
    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(
      ends.map(() => [0, expect.anything()]),
    );
    const { direct, byEc2 } = await readPolicy(name);
    expect(actionsIn(account).filter((action) => !preparing.has(action))).toEqual(direct);
    expect(byEc2.sort()).toEqual(lookedUpByEc2[name]);
  });
}

const points = commands.flatMap((name) => {
  const actions = new Set(permissionTable[name].flatMap((permission) => permission.actions));
  return [...actions].map((without) => ({ name, without }));
});
console.log(`commands without some of their ${points.length} actions; EC2_IMAGE_SEED=${sampleSeed}`);

for (const { name, without } of sampleOf(points, 3)) {
  under(name, { without })(
    `without ${without} ${name} does less, and says so`,
    { timeout: 120_000 },
    async ({ account }) => {
      const ends = await wholeUses[name](account);
      const worst = Math.max(...ends.map(({ exitCode }) => exitCode));
      // What is deleted does not depend on the Recycle Bin: not to see it is told, and no failure.
      expect(worst === 0).toBe(/RecycleBin/.test(without));
      expect(namedIn(ends, { name, action: without }), said(ends)).toBe(true);
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
