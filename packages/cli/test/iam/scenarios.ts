import { rm } from 'node:fs/promises';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateMultipartUploadCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { objectKey } from '@ec2-image/provenance';
import { bootTestPermissions } from '../../src/iam/boot-test-permissions.ts';
import { volumeKeyActions } from '../../src/iam/import-permissions.ts';
import { isOnKeys } from '../../src/iam/key-statements.ts';
import type { PolicyName } from '../../src/iam/permission.ts';
import type { PolicyDocument } from '../../src/iam/policy-document.ts';
import { createRolePolicy } from '../../src/iam/role-documents.ts';
import { bucket, openAccount, region, type TestAccount } from '../support/account.ts';
import type { TestImages } from '../support/images.ts';
import { type Flags, type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';
import { ownEnvironment } from '../support/run-cli.ts';

/** What is published goes there, too. */
export const otherRegion = 'eu-west-1';

/** Somebody with a policy and nothing else. */
const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'a secret of their own' };

export interface Stage {
  readonly account: TestAccount;
  readonly images: TestImages;
  readonly workDirectory: string;
  /** An import by the administrator, before what is tried. */
  importBefore(flags?: Flags): Promise<ImportDocument>;
}

/** One thing that a command does, and the actions that it cannot do it without. */
export interface Scenario {
  readonly policy: PolicyName;
  /** What else is allowed: a policy may be for a part of a command alone. */
  readonly beside?: readonly PolicyName[];
  readonly name: string;
  readonly needs: readonly string[];
  /** With the whole policy. Default 0. */
  readonly exitCode?: number;
  prepare?(stage: Stage): Promise<unknown>;
  /** The command line. */
  command(stage: Stage, prepared: unknown): readonly string[];
}

/** By EBS few blocks: of zeros past the disk's end alone there would be two thousand. */
const importing =
  (flags: Flags = {}) =>
  ({ account, images, workDirectory }: Stage) =>
    importArgs({
      account,
      workDirectory,
      url: images.url('qcow2'),
      'checksum-url': images.checksumUrl,
      suffix: 'one',
      // A denial is told at once, as is what never ends.
      'max-attempts': 1,
      'outage-timeout': 2,
      'omit-holes': flags.via === 'ebs' || undefined,
      ...flags,
    });

const planning =
  (flags: Flags = {}): Scenario['command'] =>
  (stage) => ['plan', ...importing(flags)(stage).slice(1)];

const verifying: Scenario['command'] = ({ account, images, workDirectory }, before) => [
  'verify',
  (before as ImportDocument).images[0]!.imageId!,
  ...['--file', images.disk, '--endpoint-url', account.aws.url, '--work-dir', workDirectory],
  ...['--max-attempts', '1', '--outage-timeout', '2', '--json'],
];

const bootTesting: Scenario['command'] = ({ account, workDirectory }, before) => [
  'boot-test',
  (before as ImportDocument).images[0]!.imageId!,
  ...['--endpoint-url', account.aws.url, '--work-dir', workDirectory, '--boot-timeout', '1'],
  ...['--max-attempts', '1', '--outage-timeout', '2', '--json'],
];

const key = ({ result }: { readonly result: ImportDocument }, format = 'vhdx') =>
  objectKey({
    prefix: 'ec2-image/',
    amiName: 'test-cloud-ione',
    digest: result.images[0]!.source.digest as `sha256:${string}`,
    format: format as 'vhdx',
  });

const common = [
  ...['ec2:CreateTags', 'ec2:DescribeImages', 'ec2:DescribeSnapshots', 'ec2:DescribeTags'],
  'ec2:RegisterImage',
];

/** Keys as the policies name them, before they are there. */
export const keyAliases = { objects: 'alias/objects', snapshots: 'alias/snapshots' } as const;

/** With its alias, for the service role as well. */
async function createKey({ account }: Stage, use: keyof typeof keyAliases): Promise<string> {
  const kms = account.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const key = KeyMetadata!.Arn!;
  await kms.send(new CreateAliasCommand({ AliasName: keyAliases[use], TargetKeyId: key }));
  const PolicyDocument = JSON.stringify(
    createRolePolicy({
      ...{ regions: [region], buckets: [bucket], keyPrefixes: ['ec2-image/'], account: '123456789012' },
      ...(use === 'objects' ? { objectKeys: [key] } : { snapshotKeys: [key] }),
    }),
  );
  const role = { RoleName: 'vmimport', PolicyName: 'vmimport', PolicyDocument };
  await account.client(IAMClient).send(new PutRolePolicyCommand(role));
  return key;
}

const encrypted = { encrypt: true, 'kms-key': keyAliases.snapshots };

/** Upload and import fail at their last call, as an outage would leave them. */
async function failAt({ account, importBefore }: Stage, operation: string): Promise<ImportDocument> {
  const fault = account.aws.faults.add({
    match: { operation },
    times: 'always',
    action: { kind: 'error', status: 403, code: 'AccessDenied' },
  });
  const result = await importBefore();
  fault.remove();
  return result;
}

export const scenarios: readonly Scenario[] = [
  {
    policy: 'import-s3',
    name: 'an import',
    needs: [
      ...common,
      ...['ec2:DescribeImportSnapshotTasks', 'ec2:ImportSnapshot', 's3:DeleteObject', 's3:GetObject'],
      ...['s3:ListBucket', 's3:PutObject'],
    ],
    command: importing(),
  },
  {
    policy: 'import-s3',
    name: 'an import by way of a versioned bucket',
    needs: ['s3:DeleteObjectVersion'],
    prepare: ({ account }) =>
      account.s3.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      ),
    command: importing(),
  },
  {
    policy: 'import-s3',
    name: 'an upload that an earlier run left, resumed on another machine',
    needs: ['s3:ListBucketMultipartUploads', 's3:ListMultipartUploadParts'],
    async prepare(stage) {
      await failAt(stage, 'CompleteMultipartUpload');
      await rm(stage.workDirectory, { recursive: true, force: true });
    },
    command: importing(),
  },
  {
    policy: 'import-s3',
    name: 'an import through a bucket with a KMS key',
    needs: ['kms:Decrypt', 'kms:GenerateDataKey'],
    async prepare(stage) {
      const KMSMasterKeyID = await createKey(stage, 'objects');
      const Rules = [
        { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID } },
      ];
      const configuration = { Bucket: bucket, ServerSideEncryptionConfiguration: { Rules } };
      await stage.account.s3.send(new PutBucketEncryptionCommand(configuration));
    },
    command: importing(),
  },
  {
    policy: 'import-s3',
    name: 'an import whose snapshot is encrypted with a key',
    needs: ['kms:DescribeKey'],
    prepare: (stage) => createKey(stage, 'snapshots'),
    command: importing(encrypted),
  },
  {
    policy: 'import-ebs',
    name: 'an import whose snapshot is encrypted with a key',
    needs: volumeKeyActions,
    prepare: (stage) => createKey(stage, 'snapshots'),
    command: importing({ via: 'ebs', ...encrypted }),
  },
  {
    policy: 'boot-test',
    name: 'an instance that is reachable, and prints nothing',
    needs: bootTestPermissions.filter((one) => !isOnKeys(one)).flatMap(({ actions }) => actions),
    prepare: ({ importBefore }) => importBefore(),
    command: bootTesting,
  },
  {
    policy: 'boot-test',
    name: 'an instance of an encrypted AMI',
    needs: bootTestPermissions.filter(isOnKeys).flatMap(({ actions }) => actions),
    async prepare(stage) {
      await createKey(stage, 'snapshots');
      return stage.importBefore({ via: 'ebs', ...encrypted });
    },
    command: bootTesting,
  },
  {
    policy: 'own-snapshot',
    beside: ['import-ebs'],
    name: 'a snapshot that another AMI has',
    needs: ['ec2:CopySnapshot'],
    prepare: ({ importBefore }) => importBefore({ via: 'ebs' }),
    command: importing({ via: 'ebs', suffix: 'two', 'own-snapshot': true }),
  },
  {
    policy: 'own-snapshot',
    beside: ['import-ebs'],
    name: 'an encrypted snapshot that another AMI has',
    needs: volumeKeyActions,
    async prepare(stage) {
      await createKey(stage, 'snapshots');
      return stage.importBefore({ via: 'ebs', ...encrypted });
    },
    command: importing({ via: 'ebs', suffix: 'two', 'own-snapshot': true, ...encrypted }),
  },
  {
    policy: 'verify',
    name: 'an encrypted AMI',
    needs: ['kms:Decrypt'],
    async prepare(stage) {
      await createKey(stage, 'snapshots');
      return stage.importBefore(encrypted);
    },
    command: verifying,
  },
  {
    policy: 'import-s3',
    name: 'an upload in parts of another size',
    needs: ['s3:AbortMultipartUpload'],
    async prepare(stage) {
      const result = await failAt(stage, 'CreateMultipartUpload');
      const { s3 } = stage.account;
      const upload = { Bucket: bucket, Key: key({ result }), ChecksumAlgorithm: 'CRC32' } as const;
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({ ...upload, ChecksumType: 'FULL_OBJECT' }),
      );
      await s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'of another plan' }));
    },
    command: importing(),
  },
  ...(['s3', 'ebs'] as const).map(
    (via): Scenario => ({
      policy: `import-${via}`,
      name: 'an AMI of the same name, replaced',
      needs: ['ec2:DeleteSnapshot', 'ec2:DeregisterImage'],
      prepare: ({ importBefore }) => importBefore({ via }),
      command: importing({ via, replace: true, fresh: true }),
    }),
  ),
  ...(['s3', 'ebs'] as const).flatMap((via): Scenario[] => [
    {
      policy: `import-${via}`,
      name: 'an AMI that is described, protected, and asked for its UEFI data',
      needs: [
        ...['ec2:DescribeImageAttribute', 'ec2:EnableImageDeregistrationProtection'],
        'ec2:ModifyImageAttribute',
      ],
      prepare: ({ importBefore }) => importBefore({ via, 'uefi-data': 'QU1aTlVFRkk=' }),
      command: importing({
        via,
        'uefi-data': 'QU1aTlVFRkk=',
        description: 'of a test',
        'deregistration-protection': 'enabled-without-cooldown',
      }),
    },
    {
      policy: `import-${via}`,
      name: 'an AMI that is not protected any more',
      needs: ['ec2:DisableImageDeregistrationProtection'],
      prepare: ({ importBefore }) =>
        importBefore({ via, 'deregistration-protection': 'enabled-without-cooldown' }),
      command: importing({ via, 'deregistration-protection': 'disabled' }),
    },
  ]),
  {
    policy: 'import-s3',
    name: 'an import task that makes no progress',
    exitCode: 1,
    needs: ['ec2:CancelImportTask'],
    prepare: async ({ account }) =>
      account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: { kind: 'task-stalls' } }),
    command: importing({ 'import-timeout': 1, 'import-attempts': 1 }),
  },
  {
    policy: 'import-ebs',
    name: 'an import',
    needs: [...common, 'ebs:CompleteSnapshot', 'ebs:PutSnapshotBlock', 'ebs:StartSnapshot'],
    command: importing({ via: 'ebs' }),
  },
  {
    policy: 'import-ebs',
    name: 'an import that is verified',
    needs: ['ebs:GetSnapshotBlock', 'ebs:ListSnapshotBlocks'],
    command: importing({ via: 'ebs', verify: true }),
  },
  {
    policy: 'plan',
    name: 'nothing that exists',
    needs: [
      ...['ec2:DescribeImages', 'ec2:DescribeImportSnapshotTasks', 'ec2:DescribeSnapshots'],
      ...['s3:GetObject', 's3:ListBucket'],
    ],
    exitCode: 3,
    command: planning(),
  },
  {
    policy: 'plan',
    name: 'an incomplete upload',
    needs: ['s3:ListBucketMultipartUploads', 's3:ListMultipartUploadParts'],
    exitCode: 3,
    prepare: (stage) => failAt(stage, 'CompleteMultipartUpload'),
    command: planning(),
  },
  {
    policy: 'plan',
    name: 'a snapshot that is encrypted with a key',
    needs: ['kms:DescribeKey'],
    exitCode: 3,
    prepare: (stage) => createKey(stage, 'snapshots'),
    command: planning(encrypted),
  },
  {
    policy: 'plan-publish',
    name: 'an AMI that is to be public, in two regions',
    needs: [
      ...['ec2:DescribeImageAttribute', 'ec2:DescribeImages', 'ec2:DescribeRegions'],
      ...['ec2:DescribeSnapshotAttribute', 'ec2:GetEbsDefaultKmsKeyId', 'ec2:GetEbsEncryptionByDefault'],
      ...['ec2:GetImageBlockPublicAccessState', 'ec2:GetSnapshotBlockPublicAccessState'],
      'ssm:GetParameters',
    ],
    exitCode: 3,
    prepare: ({ importBefore }) => importBefore(),
    command: planning({
      regions: otherRegion,
      share: JSON.stringify({ public: true }),
      'ssm-parameter': '/images/{name}',
    }),
  },
  {
    policy: 'plan',
    name: 'an AMI that is asked for its UEFI data',
    needs: ['ec2:DescribeImageAttribute'],
    prepare: ({ importBefore }) => importBefore({ 'uefi-data': 'QU1aTlVFRkk=' }),
    command: planning({ 'uefi-data': 'QU1aTlVFRkk=' }),
  },
  {
    policy: 'verify',
    name: 'an AMI',
    needs: ['ebs:GetSnapshotBlock', 'ebs:ListSnapshotBlocks', 'ec2:DescribeImages', 'ec2:DescribeSnapshots'],
    prepare: ({ importBefore }) => importBefore(),
    command: verifying,
  },
];

/** What became of a scenario under a policy: everything in which two runs can differ that went alike. */
export interface Outcome {
  readonly exitCode: number;
  /** Errors and notices, without what differs from run to run. */
  readonly said: string;
  /** What is in the account afterwards. */
  readonly left: Readonly<Record<string, number>>;
  readonly end: InProcessEnd;
}

export async function runScenario(
  { prepare, command }: Scenario,
  { policy, images }: { readonly policy: PolicyDocument; readonly images: TestImages },
): Promise<Outcome> {
  // Calm: two runs are compared, and differ in nothing but the policy.
  await using account = await openAccount({
    conditions: 'calm',
    credentials: [{ ...limited, userName: 'limited', policies: [policy] }],
  });
  const workDirectory = await makeWorkDirectory();
  const stage: Stage = {
    account,
    images,
    workDirectory,
    async importBefore(flags) {
      signWith(administrator);
      const end = await runInProcess(importing(flags)(stage));
      return end.json<ImportDocument>();
    },
  };
  try {
    const prepared = await prepare?.(stage);
    signWith(limited);
    const end = await runInProcess(command(stage, prepared));
    return { exitCode: end.exitCode, said: saidIn(end), left: await contentsOf(account), end };
  } finally {
    signWith(administrator);
    await rm(workDirectory, { recursive: true, force: true });
  }
}

const administrator = {
  accessKeyId: ownEnvironment.AWS_ACCESS_KEY_ID,
  secretAccessKey: ownEnvironment.AWS_SECRET_ACCESS_KEY,
};

/** The SDK reads the environment of the process. */
function signWith({ accessKeyId, secretAccessKey }: typeof administrator): void {
  process.env.AWS_ACCESS_KEY_ID = accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
  process.env.AWS_REGION = region;
}

/** Which lines speak of a denial, of a failure or of what is left: ids and times differ in every run. */
function saidIn({ stderr, stdout }: InProcessEnd): string {
  const lines = `${stderr}\n${stdout}`.split('\n');
  return lines
    .filter((line) =>
      /denied|not authorized|may not|cannot|could not|not be resumed|"error"|still in/i.test(line),
    )
    .map((line) => line.replace(/[0-9a-f]{8,}|\d+/g, '#'))
    .join('\n');
}

async function contentsOf({ contents }: TestAccount): Promise<Record<string, number>> {
  const { images, snapshots, objects, uploads, tasks } = await contents();
  const running = tasks.filter(({ SnapshotTaskDetail: detail }) =>
    ['active', 'pending'].includes(detail?.Status ?? ''),
  );
  const tags = [...images, ...snapshots].reduce((sum, { Tags = [] }) => sum + Tags.length, 0);
  return {
    images: images.length,
    snapshots: snapshots.length,
    objects: objects.length,
    uploads: uploads.length,
    running: running.length,
    tags,
  };
}
