import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeImageReferencesCommand,
  DescribeImagesCommand,
  EC2Client,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  AssumeRoleCommand,
  DecodeAuthorizationMessageCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { test as base } from 'vitest';
import { seedEc2 } from '../../src/index.ts';
import { Accounts, accountId, expect, openAccount } from '../support/account.ts';

const bucket = 'disks';
const snapshotId = 'snap-0123456789abcdef0';
const arn = `arn:aws:iam::${accountId}:user/ci`;

const allow = (Action: string | string[], Resource: string | string[] = '*', others: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...others,
});

const test = base
  /** An account that somebody with these statements works in; the client of the account itself may do everything. */
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('user', ({}, { onCleanup }) => {
    const accounts = new Accounts();
    onCleanup(() => accounts[Symbol.asyncDispose]());
    return async (...Statement: object[]) => {
      const credentials = { accessKeyId: 'AKIACI', secretAccessKey: 'secret' };
      const account = await accounts.open({
        buckets: [bucket],
        credentials: [{ ...credentials, userName: 'ci', policies: [{ Version: '2012-10-17', Statement }] }],
      });
      seedEc2({ directory: account.directory, snapshots: [{ id: snapshotId, tags: { team: 'images' } }] });
      const { client } = account;
      return {
        ec2: client(EC2Client, { credentials }),
        s3: client(S3Client, { credentials }),
        ebs: client(EBSClient, { credentials }),
        ssm: client(SSMClient, { credentials }),
        iam: client(IAMClient, { credentials }),
        sts: client(STSClient, { credentials }),
        admin: account.s3,
        adminIam: client(IAMClient),
        client,
      };
    };
  });

const denied = (name: string, message: RegExp) => ({ name, message: expect.stringMatching(message) });

test('a caller without policies that the emulator knows may do everything', async () => {
  await using account = await openAccount({ buckets: [bucket] });
  await account.s3.send(new HeadBucketCommand({ Bucket: bucket }));
});

test('each service denies in its own words, and STS names the user', async ({ user }) => {
  const { ec2, s3, ebs, ssm, iam, sts } = await user(allow('ec2:DescribeRegions'));
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: arn, Account: accountId });
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toMatchObject(
    denied(
      'UnauthorizedOperation',
      /^You are not authorized to perform this operation\. User: \S+user\/ci is not authorized to perform: ec2:DescribeImages on resource: \* because no identity-based policy allows the ec2:DescribeImages action\. Encoded authorization failure message: \S+$/,
    ),
  );
  await expect(s3.send(new ListObjectsV2Command({ Bucket: bucket }))).rejects.toMatchObject(
    denied('AccessDenied', /s3:ListBucket on resource: "arn:aws:s3:::disks" because/),
  );
  await expect(ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toMatchObject(
    denied('AccessDeniedException', /ebs:StartSnapshot on resource: arn:aws:ec2:us-east-1::snapshot\/\*/),
  );
  await expect(ssm.send(new GetParameterCommand({ Name: '/images/f' }))).rejects.toMatchObject(
    denied('AccessDeniedException', /ssm:us-east-1:123456789012:parameter\/images\/f/),
  );
  await expect(iam.send(new GetRoleCommand({ RoleName: 'vmimport' }))).rejects.toMatchObject(
    denied('AccessDenied', /iam:GetRole on resource: arn:aws:iam::123456789012:role\/vmimport/),
  );
});

test('the encoded message of a denial can be decoded by whoever may', async ({ user }) => {
  const { ec2, sts } = await user(allow('sts:DecodeAuthorizationMessage'));
  const error = await ec2
    .send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }))
    .catch((thrown) => thrown);
  const EncodedMessage = /message: (\S+)$/.exec((error as Error).message)?.[1];
  const { DecodedMessage } = await sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));
  expect(JSON.parse(DecodedMessage!)).toMatchObject({
    allowed: false,
    explicitDeny: false,
    context: {
      principal: { arn },
      action: 'ec2:DeleteSnapshot',
      resource: expect.stringContaining(snapshotId),
    },
  });
  await expect(
    sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: 'nonsense' })),
  ).rejects.toMatchObject({ name: 'InvalidAuthorizationMessageException' });
});

test('tags on what a call makes need CreateTags, by that call', async ({ user }) => {
  const byRegisterImage = { Condition: { StringEquals: { 'ec2:CreateAction': 'RegisterImage' } } };
  const { ec2 } = await user(
    allow('ec2:RegisterImage'),
    allow('ec2:CreateTags', 'arn:aws:ec2:*::image/*', byRegisterImage),
  );
  const image = {
    Name: 'an-ami',
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/sda1',
    BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId } }],
  } satisfies RegisterImageCommandInput;
  const Tags = [{ Key: 'Name', Value: 'an-ami' }];
  const { ImageId } = await ec2.send(
    new RegisterImageCommand({ ...image, TagSpecifications: [{ ResourceType: 'image', Tags }] }),
  );
  await expect(ec2.send(new CreateTagsCommand({ Resources: [ImageId!], Tags }))).rejects.toThrow(
    'ec2:CreateTags',
  );
});

test('tags decide: of the request and of the resource', async ({ user }) => {
  const { ec2, ebs } = await user(
    allow('ec2:DeleteSnapshot', 'arn:aws:ec2:*::snapshot/*', {
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'others' } },
    }),
    allow('ebs:StartSnapshot', '*', { Condition: { StringEquals: { 'aws:RequestTag/team': 'images' } } }),
  );
  await expect(ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }))).rejects.toThrow(snapshotId);
  await expect(ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toThrow('ebs:StartSnapshot');
  await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Tags: [{ Key: 'team', Value: 'images' }] }));
});

test('who may not list a bucket is not told what is missing in it', async ({ user }) => {
  const { s3 } = await user(allow('s3:GetObject', `arn:aws:s3:::${bucket}/*`));
  const head = () => s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }));
  await expect(head()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
});

test('who may list it, within a prefix', async ({ user }) => {
  const prefix = { Condition: { StringLike: { 's3:prefix': 'ec2-image/*' } } };
  const { s3 } = await user(allow('s3:ListBucket', `arn:aws:s3:::${bucket}`, prefix));
  await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'ec2-image/a' }));
  await expect(s3.send(new ListObjectsV2Command({ Bucket: bucket }))).rejects.toThrow('s3:ListBucket');
});

test('the parts of an upload are puts, its list is not', async ({ user }) => {
  const { s3 } = await user(allow('s3:PutObject'));
  const upload = { Bucket: bucket, Key: 'a' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
  await expect(s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).rejects.toThrow(
    's3:ListBucketMultipartUploads',
  );
  const complete = { ...upload, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: 'x' }] } };
  await expect(s3.send(new CompleteMultipartUploadCommand(complete))).rejects.toMatchObject({
    name: 'InvalidPart',
  });
});

test('versions have actions of their own, in a list of deletions too', async ({ user }) => {
  const { s3 } = await user(allow('s3:DeleteObject'));
  const one = { Bucket: bucket, Key: 'a', VersionId: 'null' };
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));
  await expect(s3.send(new DeleteObjectCommand(one))).rejects.toThrow('s3:DeleteObjectVersion');
  const { Deleted, Errors } = await s3.send(
    new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: [{ Key: 'a' }, { Key: 'b', VersionId: 'null' }] },
    }),
  );
  expect([Deleted, Errors]).toMatchObject([[{ Key: 'a' }], [{ Key: 'b', Code: 'AccessDenied' }]]);
});

test('a copy reads its source', async ({ user }) => {
  const { s3, admin } = await user(allow('s3:PutObject'));
  await admin.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'a' }));
  await expect(
    s3.send(new CopyObjectCommand({ Bucket: bucket, Key: 'b', CopySource: `${bucket}/a` })),
  ).rejects.toThrow('s3:GetObject');
});

test('EC2 looks for what uses an AMI with the permissions of the caller', async ({ user }) => {
  const called = {
    Condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['ec2-images.amazonaws.com'] } },
  };
  const { ec2 } = await user(allow('ec2:DescribeImageReferences'), allow('ec2:Describe*', '*', called));
  const look = (ResourceType: 'ec2:Instance' | 'ssm:Parameter') =>
    ec2.send(
      new DescribeImageReferencesCommand({
        ImageIds: ['ami-0123456789abcdef0'],
        ResourceTypes: [{ ResourceType }],
      }),
    );
  await expect(look('ssm:Parameter')).rejects.toThrow('ssm:DescribeParameters');
  await look('ec2:Instance').catch((error: Error) => expect(error.name).toBe('InvalidAMIID.NotFound'));
});

test('the policy of a bucket binds everybody', async ({ user }) => {
  const { s3, admin } = await user();
  const encrypted = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
  };
  const forCi = { ...encrypted, Effect: 'Allow', Principal: { AWS: arn }, Condition: undefined };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [encrypted, forCi] });
  await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  expect((await admin.send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy).toBe(Policy);
  const put = (client: S3Client, ServerSideEncryption?: 'aws:kms') =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'a', ServerSideEncryption }));
  await expect(put(admin)).rejects.toMatchObject(
    denied('AccessDenied', /with an explicit deny in a resource-based policy/),
  );
  await put(s3, 'aws:kms');
  // UploadPart and CompleteMultipartUpload have no such header: what counts is what the upload was created with.
  const target = { Bucket: bucket, Key: 'a' };
  const create = (client: S3Client, ServerSideEncryption?: 'aws:kms') =>
    client.send(
      new CreateMultipartUploadCommand({ ...target, ServerSideEncryption, ChecksumAlgorithm: 'CRC32' }),
    );
  await expect(create(s3)).rejects.toMatchObject(denied('AccessDenied', /s3:PutObject/));
  const { UploadId } = await create(s3, 'aws:kms');
  const sendPart = (upload?: string) =>
    s3.send(new UploadPartCommand({ ...target, UploadId: upload, PartNumber: 1, Body: 'a' }));
  const { ETag, ChecksumCRC32 } = await sendPart(UploadId);
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  await admin.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  await put(admin);
  const { UploadId: plain } = await create(admin);
  await expect(put(s3, 'aws:kms')).rejects.toThrow('s3:PutObject');
  await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await expect(sendPart(plain)).rejects.toMatchObject(denied('AccessDenied', /explicit deny/));
});

test.for([
  ['{', 'MalformedPolicy'],
  [
    '{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::other/*"}}',
    'MalformedPolicy',
  ],
  [' '.repeat(20 * 1024 + 1), 'PolicyTooLarge'],
] as const)('a bucket refuses a policy that is none of its own: %#', async ([Policy, name], { user }) => {
  const { admin } = await user();
  await expect(admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))).rejects.toMatchObject({
    name,
  });
});

test('credentials with a policy that is none do not start the emulator', async () => {
  const credentials = [{ accessKeyId: 'A', secretAccessKey: 'B', policies: ['{}'] }];
  await expect(openAccount({ credentials })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
});

const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

test('what is attached to a user counts from then on, in simulations too', async ({ user }) => {
  const { ec2, iam, adminIam } = await user(allow('iam:SimulatePrincipalPolicy'));
  const look = () => ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
  await expect(look()).rejects.toThrow('ec2:DescribeImages');
  const { Policy } = await adminIam.send(
    new CreatePolicyCommand({ PolicyName: 'look', PolicyDocument: policyOf(allow('ec2:DescribeImages')) }),
  );
  const attachTo = (UserName: string) =>
    adminIam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy!.Arn }));
  await attachTo('ci');
  await look();
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({ PolicySourceArn: arn, ActionNames: ['ec2:DescribeImages'] }),
  );
  expect(EvaluationResults?.[0]).toMatchObject({ EvalDecision: 'allowed' });
  await expect(attachTo('nobody')).rejects.toThrow('The user with name nobody cannot be found.');
  await expect(
    iam.send(new AttachUserPolicyCommand({ UserName: 'ci', PolicyArn: Policy!.Arn })),
  ).rejects.toThrow(`iam:AttachUserPolicy on resource: ${arn}`);
});

test('what is attached to a role counts for its sessions', async ({ user }) => {
  const { adminIam, client } = await user();
  const trust = policyOf(
    allow('sts:AssumeRole', undefined, { Resource: undefined, Principal: { AWS: accountId } }),
  );
  const { Role } = await adminIam.send(
    new CreateRoleCommand({ RoleName: 'looker', AssumeRolePolicyDocument: trust }),
  );
  const { Policy } = await adminIam.send(
    new CreatePolicyCommand({ PolicyName: 'look', PolicyDocument: policyOf(allow('ec2:DescribeImages')) }),
  );
  await adminIam.send(new AttachRolePolicyCommand({ RoleName: 'looker', PolicyArn: Policy!.Arn }));
  const { Credentials } = await client(STSClient).send(
    new AssumeRoleCommand({ RoleArn: Role!.Arn, RoleSessionName: 'once' }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials!;
  const credentials = {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
  };
  await client(EC2Client, { credentials }).send(new DescribeImagesCommand({ Owners: ['self'] }));
});

test('a policy has a largest size, and so have all of a role together', async ({ user }) => {
  const { adminIam } = await user();
  const ofSize = (size: number) => policyOf(allow('s3:GetObject', 'arn:aws:s3:::'.padEnd(size, 'x')));
  await expect(
    adminIam.send(new CreatePolicyCommand({ PolicyName: 'large', PolicyDocument: ofSize(6200) })),
  ).rejects.toThrow('Cannot exceed quota for PolicySize: 6144');
  const put = (PolicyName: string) =>
    adminIam.send(
      new PutRolePolicyCommand({ RoleName: 'vmimport', PolicyName, PolicyDocument: ofSize(6200) }),
    );
  await put('one');
  await put('one');
  await expect(put('two')).rejects.toThrow('Maximum policy size of 10240 bytes exceeded for role vmimport');
});
