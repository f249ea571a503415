import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  EC2Client,
  EnableEbsEncryptionByDefaultCommand,
  EnableImageBlockPublicAccessCommand,
  EnableSnapshotBlockPublicAccessCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import {
  DeleteBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { seedEc2 } from '@ec2-image/local-aws';
import { type Digest, objectKey, provenanceTags } from '@ec2-image/provenance';
import { openGpg } from '@ec2-image/sample-image';
import { createPolicy } from '../../src/iam/policy-document.ts';
import { createRolePolicy } from '../../src/iam/role-documents.ts';
import { type AccountOptions, bucket, region } from '../support/account.ts';
import { makeWorkDirectory } from '../support/import.ts';
import { limited, type Stage } from './support.ts';

const accountId = '123456789012';
const scope = { regions: [region], buckets: [bucket], keyPrefixes: ['ec2-image/'], account: accountId };

/** One thing that can be wrong with an account, and what the doctor says to it. */
export interface Account {
  readonly name: string;
  readonly options?: AccountOptions & { readonly signer?: typeof limited };
  prepare?(stage: Stage): Promise<unknown>;
  /** None where all is well. */
  readonly finds?: readonly (readonly [check: string, state: 'failed' | 'warning', detail: RegExp])[];
  /** What is found does not keep an import from succeeding. */
  readonly imports?: boolean;
  /** Of its own, which stay. */
  readonly hasObjects?: true;
  /** How long an import takes to fail: EC2 may need minutes to see a role, and a quota may pass in hours. */
  readonly fails?: 'in minutes' | 'in hours';
}

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const rolePolicy = { RoleName: 'vmimport', PolicyName: 'vmimport' };
const withPolicy = (document: object): Account['options'] => ({
  credentials: [{ ...limited, userName: 'limited', policies: [document] }],
  signer: limited,
});

const otherRegion = 'eu-west-1';
const everywhere = { ...scope, regions: [region, otherRegion] };
const published = { regions: [otherRegion], share: { accounts: ['111111111111'] } };
const forEverybody = { regions: [otherRegion], share: { public: true } };

/** Somebody's, and everybody's. */
const openAmi = `ami-${'9'.padStart(17, '0')}`;

/** Of the one image. */
const amiName = 'test-cloud-ione';

async function publishedDigest({ images }: Stage): Promise<Digest> {
  const published = await readFile(join(images.directory, 'CHECKSUM'), 'utf8');
  return `sha256:${/^SHA256 .*= ([0-9a-f]{64})$/m.exec(published)![1]!}`;
}

function tagsOf(digest: Digest): Record<string, string> {
  const made = {
    digest,
    name: 'test-cloud',
    diskFormat: 'vhdx',
    version: '1',
    startedAt: new Date(),
  } as const;
  return { Name: amiName, ...provenanceTags({ ...made, sourceUrl: 'https://images.example/image.qcow2' }) };
}

/** What a careful owner gives the bucket. */
function addLifecycle({ account }: Stage) {
  const rule = {
    ...({ ID: 'uploads', Status: 'Enabled', Filter: { Prefix: '' } } as const),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  };
  return account.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules: [rule] } }),
  );
}

async function createKey({ account }: Stage, policy?: string, at = region): Promise<string> {
  const kms = account.client(KMSClient, { region: at });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  if (policy) await kms.send(new PutKeyPolicyCommand({ KeyId: KeyMetadata!.Arn, Policy: policy }));
  return KeyMetadata!.Arn!;
}

async function encryptBucket(stage: Stage, KMSMasterKeyID: string): Promise<void> {
  const Rules = [
    { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID } },
  ];
  await stage.account.s3.send(
    new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration: { Rules } }),
  );
}

async function encryptByDefault(stage: Stage, KmsKeyId: string, at = region): Promise<void> {
  const ec2 = stage.account.client(EC2Client, { region: at });
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  await ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId }));
}

const iam = ({ account }: Stage) => account.client(IAMClient);

/** The published checksum file, signed by a key of now or of long ago, and that key. */
async function signChecksum(stage: Stage, key: { readonly at?: string; readonly expires?: string } = {}) {
  await using gpg = await openGpg();
  const publisher = await gpg.makeKey('ed25519', key);
  const directory = await makeWorkDirectory();
  const keyring = join(directory, 'publisher.asc');
  await copyFile(await gpg.exportKeys([publisher]), keyring);
  const published = await readFile(join(stage.images.directory, 'CHECKSUM'), 'utf8');
  const plain = `${published.match(/^SHA256 .*$/gm)!.join('\n')}\n`;
  const [unsigned, signed] = [join(directory, 'UNSIGNED'), join(directory, 'SIGNED')];
  await writeFile(unsigned, plain);
  // An expired key signs nothing any more.
  if (key.at === undefined) await writeFile(signed, await gpg.sign(publisher, plain, ['--clear-sign']));
  return { keyring, unsigned, signed };
}

export const whole: readonly Account[] = [
  { name: 'an account in which all is there', prepare: addLifecycle },
  {
    name: 'a caller with the published policies and nothing else',
    options: withPolicy(createPolicy(['import-s3', 'doctor'], scope)),
    prepare: addLifecycle,
  },
  {
    name: 'a caller with the published policies for an import that tests its AMI',
    options: withPolicy(createPolicy(['import-s3', 'boot-test', 'doctor'], scope)),
    async prepare(stage) {
      await addLifecycle(stage);
      stage.settings = { 'boot-test': { timeout: 0 } };
    },
  },
  {
    name: 'a caller with the published policies for an import that publishes to another region',
    options: withPolicy(createPolicy(['import-s3', 'publish', 'doctor'], everywhere)),
    async prepare(stage) {
      await addLifecycle(stage);
      const parameters = {
        'ssm-parameter': '/images/{name}/{suffix}',
        'ssm-latest': '/images/{name}/latest',
      };
      stage.settings = { ...published, ...parameters, 'deprecate-after': '90d' };
    },
  },
  {
    name: 'an AMI that everybody is to have',
    async prepare(stage) {
      await addLifecycle(stage);
      stage.settings = forEverybody;
    },
  },
  {
    name: 'a caller with the published policies for AMIs that are retired',
    options: withPolicy(createPolicy(['import-s3', 'retire', 'doctor'], scope)),
    async prepare(stage) {
      await addLifecycle(stage);
      stage.settings = { retain: { count: 2 } };
    },
  },
  {
    name: 'a role whose only policy is attached',
    async prepare(stage) {
      await addLifecycle(stage);
      await iam(stage).send(new DeleteRolePolicyCommand(rolePolicy));
      const PolicyDocument = JSON.stringify(createRolePolicy(scope));
      const { Policy } = await iam(stage).send(
        new CreatePolicyCommand({ PolicyName: 'read', PolicyDocument }),
      );
      await iam(stage).send(new AttachRolePolicyCommand({ RoleName: 'vmimport', PolicyArn: Policy!.Arn }));
    },
  },
  {
    name: 'a bucket with a KMS key that its role may use',
    async prepare(stage) {
      await addLifecycle(stage);
      const key = await createKey(stage);
      await encryptBucket(stage, key);
      const PolicyDocument = JSON.stringify(createRolePolicy({ ...scope, objectKeys: [key] }));
      await iam(stage).send(new PutRolePolicyCommand({ ...rolePolicy, PolicyDocument }));
    },
  },
  {
    name: 'an image whose checksum file is signed by the keyring',
    async prepare(stage) {
      await addLifecycle(stage);
      const { keyring, signed } = await signChecksum(stage);
      stage.settings = { keyring, 'checksum-url': signed };
    },
  },
];

export const broken: readonly Account[] = [
  {
    name: 'a caller who may not start the instance that tests the AMI',
    options: withPolicy(createPolicy(['import-s3', 'doctor'], scope)),
    async prepare(stage) {
      await addLifecycle(stage);
      stage.settings = { 'boot-test': true };
    },
    finds: [['permissions of import', 'failed', /denied: .*ec2:RunInstances/]],
  },
  {
    name: 'public access to AMIs that is blocked',
    async prepare(stage) {
      const blocked = { ImageBlockPublicAccessState: 'block-new-sharing' } as const;
      await stage.account.ec2.send(new EnableImageBlockPublicAccessCommand(blocked));
      stage.settings = forEverybody;
    },
    finds: [[`publishing of test-cloud in ${region}`, 'failed', /blocks public access to AMIs/]],
  },
  {
    name: 'public access to snapshots that is blocked in a region of the AMI',
    async prepare(stage) {
      const ec2 = stage.account.client(EC2Client, { region: otherRegion });
      await ec2.send(new EnableSnapshotBlockPublicAccessCommand({ State: 'block-new-sharing' }));
      stage.settings = forEverybody;
    },
    finds: [[`publishing of test-cloud in ${otherRegion}`, 'failed', /blocks public access to snapshots/]],
  },
  {
    name: 'encryption by default in a region of an AMI that everybody is to have',
    async prepare(stage) {
      const ec2 = stage.account.client(EC2Client, { region: otherRegion });
      await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
      stage.settings = forEverybody;
    },
    finds: [[`publishing of test-cloud in ${otherRegion}`, 'failed', /an encrypted AMI cannot be public/]],
  },
  {
    name: 'a full quota of public AMIs',
    options: { quotas: { publicImages: 1 } },
    async prepare(stage) {
      const { account } = stage;
      seedEc2({ directory: account.directory, images: [{ id: openAmi, name: 'open', snapshotIds: [] }] });
      const LaunchPermission = { Add: [{ Group: 'all' as const }] };
      await account.ec2.send(new ModifyImageAttributeCommand({ ImageId: openAmi, LaunchPermission }));
      stage.settings = { share: { public: true } };
    },
    finds: [[`publishing of test-cloud in ${region}`, 'failed', /has 1 public AMIs, and may have 1/]],
  },
  {
    name: 'a quota of public AMIs that has room for one of two images',
    options: { quotas: { publicImages: 1 } },
    prepare: async (stage) => {
      stage.settings = { share: { public: true } };
      stage.others = { second: { arch: 'x86_64' } };
    },
    finds: [
      [`publishing of second in ${region}`, 'failed', /has 0 public AMIs and gets 1 more, and may have 1/],
    ],
  },
  {
    name: 'a region that there is not',
    prepare: async (stage) => {
      stage.settings = { regions: ['eu-west-9'] };
    },
    finds: [['publishing of test-cloud', 'failed', /there is no region eu-west-9/]],
  },
  {
    name: 'a caller who may publish in the region of the import alone',
    options: withPolicy(createPolicy(['import-s3', 'publish', 'doctor'], scope)),
    prepare: async (stage) => {
      stage.settings = published;
    },
    finds: [[`permissions of publish in ${otherRegion}`, 'failed', /denied: .*ec2:CopyImage/]],
  },
  {
    name: 'a caller who may not publish',
    options: withPolicy(createPolicy(['import-s3', 'doctor'], everywhere)),
    prepare: async (stage) => {
      stage.settings = { share: { accounts: ['111111111111'] } };
    },
    finds: [['permissions of import', 'failed', /denied: .*ec2:ModifySnapshotAttribute/]],
  },
  {
    name: 'a caller who may not retire, beside an import',
    options: withPolicy(createPolicy(['import-s3', 'doctor'], scope)),
    prepare: async (stage) => {
      stage.settings = { retain: { count: 2 } };
    },
    finds: [['permissions of retire', 'warning', /denied: .*ec2:DisableImage/]],
    imports: true,
  },
  {
    name: 'encryption by default with an unusable key in a region of the AMI',
    async prepare(stage) {
      const key = await createKey(stage, undefined, otherRegion);
      await encryptByDefault(stage, key, otherRegion);
      await stage.account
        .client(KMSClient, { region: otherRegion })
        .send(new DisableKeyCommand({ KeyId: key }));
      stage.settings = { regions: [otherRegion] };
    },
    finds: [[`KMS key of snapshots in ${otherRegion}`, 'failed', /state Disabled/]],
  },
  {
    name: 'a full quota of AMIs in a region of the AMI',
    options: { quotas: { images: 1 } },
    async prepare(stage) {
      const { directory } = stage.account;
      seedEc2({ directory, region: otherRegion, images: [{ name: 'other', snapshotIds: [] }] });
      stage.settings = { regions: [otherRegion] };
    },
    fails: 'in hours',
    finds: [[`quota of AMIs in ${otherRegion}`, 'failed', /1 of 1/]],
  },
  {
    name: 'a role without policy',
    prepare: (stage) => iam(stage).send(new DeleteRolePolicyCommand(rolePolicy)),
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: s3:GetBucketLocation, s3:ListBucket, s3:GetObject/]],
  },
  {
    name: "a role with another bucket's policy",
    prepare: (stage) =>
      iam(stage).send(
        new PutRolePolicyCommand({
          ...rolePolicy,
          PolicyDocument: JSON.stringify(createRolePolicy({ ...scope, buckets: ['other-bucket'] })),
        }),
      ),
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: s3:GetBucketLocation, s3:ListBucket, s3:GetObject/]],
  },
  {
    name: 'a role that trusts VM Import on behalf of another account',
    prepare: (stage) =>
      iam(stage).send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: 'vmimport',
          PolicyDocument: document({
            ...{ Effect: 'Allow', Principal: { Service: 'vmie.amazonaws.com' }, Action: 'sts:AssumeRole' },
            Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } },
          }),
        }),
      ),
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /on behalf of account 123456789012/]],
  },
  {
    name: 'a role with a denied KMS key',
    async prepare(stage) {
      await encryptBucket(stage, await createKey(stage));
    },
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: kms:Decrypt/]],
  },
  {
    name: 'a KMS key whose policy leaves the role out, whatever IAM says',
    async prepare(stage) {
      const user = { AWS: `arn:aws:iam::${accountId}:user/local-aws` };
      const key = await createKey(
        stage,
        document({ Effect: 'Allow', Principal: user, Action: 'kms:*', Resource: '*' }),
      );
      await encryptBucket(stage, key);
      const PolicyDocument = JSON.stringify(createRolePolicy({ ...scope, objectKeys: [key] }));
      await iam(stage).send(new PutRolePolicyCommand({ ...rolePolicy, PolicyDocument }));
    },
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: kms:Decrypt/]],
  },
  {
    name: 'a bucket that is not there',
    prepare: ({ account }) => account.s3.send(new DeleteBucketCommand({ Bucket: bucket })),
    finds: [[`bucket ${bucket}`, 'failed', /does not exist/]],
  },
  {
    name: 'a bucket elsewhere',
    options: { buckets: [{ name: bucket, region: 'eu-west-1' }] },
    finds: [[`bucket ${bucket}`, 'failed', /is in eu-west-1/]],
  },
  {
    name: "somebody else's bucket",
    options: { buckets: [{ name: bucket, owner: '999999999999' }] },
    finds: [[`bucket ${bucket}`, 'failed', /may not use bucket|does not belong/]],
  },
  {
    name: 'a bucket of another owner than the configuration names',
    prepare: async (stage) => {
      stage.settings = { 'bucket-owner': '999999999999' };
    },
    finds: [[`bucket ${bucket}`, 'failed', /does not belong to account 999999999999/]],
  },
  {
    name: 'a bucket without lifecycle',
    finds: [[`lifecycle of ${bucket}`, 'warning', /incomplete uploads stay/]],
    imports: true,
  },
  {
    name: 'a versioned bucket',
    prepare: ({ account }) =>
      account.s3.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      ),
    finds: [[`lifecycle of ${bucket}`, 'warning', /versioning is on, and old versions stay/]],
    imports: true,
  },
  {
    name: 'a bucket with a policy that denies to put',
    prepare: ({ account }) =>
      account.s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: document({
            ...{ Effect: 'Deny', Principal: '*', Action: 's3:PutObject' },
            Resource: `arn:aws:s3:::${bucket}/*`,
          }),
        }),
      ),
    finds: [
      [`objects in ${bucket}`, 'failed', /s3:PutObject/],
      ['permissions of import', 'failed', /denied: .*s3:PutObject/],
    ],
  },
  {
    name: 'a bucket with a policy that denies the role alone',
    prepare: ({ account }) =>
      account.s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: document({
            ...{ Effect: 'Deny', Principal: { AWS: `arn:aws:iam::${accountId}:role/vmimport` } },
            ...{ Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
          }),
        }),
      ),
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: s3:GetObject/]],
  },
  {
    name: 'encryption by default with an unusable key',
    async prepare(stage) {
      const key = await createKey(stage);
      await encryptByDefault(stage, key);
      await stage.account.client(KMSClient).send(new DisableKeyCommand({ KeyId: key }));
    },
    finds: [['KMS key of snapshots', 'failed', /state Disabled/]],
  },
  {
    name: 'encryption with a key that the role may not use',
    async prepare(stage) {
      const TargetKeyId = await createKey(stage);
      const alias = { AliasName: 'alias/images', TargetKeyId };
      await stage.account.client(KMSClient).send(new CreateAliasCommand(alias));
      stage.settings = { encrypt: true, 'kms-key': 'alias/images' };
    },
    fails: 'in minutes',
    finds: [['role vmimport', 'failed', /denied: kms:CreateGrant/]],
  },
  {
    name: 'a full quota of AMIs',
    options: { quotas: { images: 1 } },
    prepare: async ({ account }) =>
      seedEc2({ directory: account.directory, images: [{ name: 'other', snapshotIds: [] }] }),
    fails: 'in hours',
    finds: [['quota of AMIs', 'failed', /1 of 1/]],
  },
  {
    name: 'an AMI of the same name that somebody else made',
    prepare: async ({ account }) =>
      seedEc2({ directory: account.directory, images: [{ name: amiName, snapshotIds: [] }] }),
    finds: [['AMI name of test-cloud', 'failed', /an AMI that ec2-image did not register/]],
  },
  {
    name: 'an AMI of the same name that ec2-image made of another image',
    prepare: async ({ account }) =>
      seedEc2({
        directory: account.directory,
        images: [{ name: amiName, snapshotIds: [], tags: tagsOf(`sha256:${'a'.repeat(64)}`) }],
      }),
    finds: [['AMI name of test-cloud', 'failed', /already used by ami-.* which ec2-image registered/]],
  },
  {
    name: 'a disabled AMI of the image',
    prepare: async (stage) =>
      seedEc2({
        directory: stage.account.directory,
        images: [
          { name: amiName, snapshotIds: [], state: 'disabled', tags: tagsOf(await publishedDigest(stage)) },
        ],
      }),
    finds: [['AMI name of test-cloud', 'failed', /exists, but is disabled/]],
  },
  {
    name: 'something else under the key of the object',
    async prepare(stage) {
      const digest = await publishedDigest(stage);
      const key = objectKey({ prefix: 'ec2-image/', amiName, digest, format: 'vhdx' });
      await stage.account.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a letter' }));
    },
    finds: [['object key of test-cloud', 'failed', /already exists and was not made for this image/]],
    hasObjects: true,
  },
  {
    name: 'two images whose AMIs would have one name',
    prepare: async (stage) => {
      stage.settings = { 'ami-name': 'one-for-all-{suffix}' };
      stage.others = { second: { arch: 'x86_64' } };
    },
    finds: [['AMI names', 'failed', /of test-cloud and second would both be named one-for-all-one/]],
  },
  {
    name: 'a work directory with a file in place of its locks',
    prepare: ({ workDirectory }) => writeFile(join(workDirectory, 'locks'), ''),
    finds: [['work directory', 'failed', /cannot write to the work directory .*ENOTDIR/]],
  },
  {
    name: 'a clock that is behind',
    options: { now: () => Date.now() + 20 * 60_000 },
    finds: [['clock', 'failed', /(?:20m|19m 5\ds).* behind AWS/]],
  },
  {
    name: 'a dead checksum URL',
    prepare: async (stage) => {
      stage.settings = { 'checksum-url': `${stage.images.checksumUrl}-is-gone` };
    },
    finds: [['checksum of test-cloud', 'failed', /answered 404/]],
  },
  {
    name: 'a keyring that is not there',
    prepare: async (stage) => {
      stage.settings = { keyring: '/nonexistent/publisher.asc' };
    },
    finds: [['keyring of test-cloud', 'failed', /no such file/]],
  },
  {
    name: 'a keyring whose only key has expired',
    async prepare(stage) {
      const { keyring } = await signChecksum(stage, { at: '20200101T000000', expires: '2020-02-01' });
      stage.settings = { keyring };
    },
    finds: [['keyring of test-cloud', 'failed', /1 public key in .*: [0-9A-F]{40} expired on 2020-/]],
  },
  {
    name: 'a checksum file that nobody signed, beside a keyring',
    async prepare(stage) {
      const { keyring, unsigned } = await signChecksum(stage);
      stage.settings = { keyring, 'checksum-url': unsigned };
    },
    finds: [['checksum of test-cloud', 'failed', /not signed/]],
  },
  {
    name: 'an image whose settings an import refuses',
    prepare: async (stage) => {
      stage.settings = { 'ami-name': 'x' };
    },
    finds: [['configuration of test-cloud', 'failed', /ami-name|AMI name/]],
  },
  {
    name: 'a KMS key for other regions alone',
    prepare: async (stage) => {
      stage.settings = { encrypt: true, 'kms-key': { 'eu-west-1': 'alias/images' } };
    },
    finds: [['configuration of test-cloud', 'failed', /names no key for us-east-1/]],
  },
  {
    name: 'a dead image URL',
    prepare: async (stage) => {
      stage.settings = {
        url: `${stage.images.url('qcow2')}-is-gone`,
        'checksum-entry': 'Test-Cloud-1.0.x86_64.qcow2',
      };
    },
    finds: [['image test-cloud', 'failed', /answered 404/]],
  },
  {
    name: 'a caller who may not register AMIs',
    options: withPolicy(without('ec2:RegisterImage')),
    finds: [['permissions of import', 'failed', /denied: ec2:RegisterImage/]],
  },
  {
    name: 'a caller who may not begin an upload',
    options: withPolicy(without('s3:PutObject')),
    finds: [['permissions of import', 'failed', /denied: s3:PutObject/]],
  },
];

function without(action: string): object {
  const policy = createPolicy(['import-s3', 'doctor'], scope);
  const statements = policy.Statement as readonly { readonly Action: readonly string[] }[];
  return {
    ...policy,
    Statement: statements
      .map((statement) => ({ ...statement, Action: statement.Action.filter((one) => one !== action) }))
      .filter(({ Action }) => Action.length > 0),
  };
}
