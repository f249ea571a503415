import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { CreateKeyCommand, DescribeKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { test as base } from 'vitest';
import { Accounts, accountId, expect } from '../support/account.ts';

const bucket = 'disks';
const userArn = `arn:aws:iam::${accountId}:user/ci`;
const credentials = { accessKeyId: 'AKIACI', secretAccessKey: 'secret' };
const allow = (Action: string | string[]) => ({ Effect: 'Allow', Action, Resource: '*' });

interface Asked {
  /** Of the user, beside all of S3 and EBS direct. */
  readonly actions?: string | string[];
  /** Statements of the key's policy; by default the account's IAM decides. */
  readonly keyPolicy?: readonly object[];
}

const test = base.extend<{ open: (asked: Asked) => ReturnType<typeof openUser> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  open: async ({}, use) => {
    await using accounts = new Accounts();
    await use((asked) => openUser(asked, accounts));
  },
});

async function openUser({ actions = [], keyPolicy }: Asked, accounts: Accounts) {
  const Statement = [allow(['s3:*', 'ebs:*', ...[actions].flat()])];
  const account = await accounts.open({
    buckets: [bucket],
    credentials: [{ ...credentials, userName: 'ci', policies: [{ Version: '2012-10-17', Statement }] }],
  });
  const admin = account.client(KMSClient);
  const { KeyMetadata } = await admin.send(new CreateKeyCommand({}));
  const key = KeyMetadata!.Arn!;
  if (keyPolicy) {
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: keyPolicy });
    await admin.send(new PutKeyPolicyCommand({ KeyId: key, Policy }));
  }
  const s3 = account.client(S3Client, { credentials });
  const ebs = account.client(EBSClient, { credentials });
  return {
    ...{ account, key, s3, ebs, kms: account.client(KMSClient, { credentials }) },
    put: () =>
      s3.send(
        new PutObjectCommand({
          ...{ Bucket: bucket, Key: 'a', Body: 'a' },
          ...{ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key },
        }),
      ),
    start: (KmsKeyArn: string | undefined = key) =>
      ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, KmsKeyArn })),
  };
}

const denied = (action: string) => ({
  message: expect.stringMatching(new RegExp(`not authorized to perform: kms:${action} on resource: .*key/`)),
});

test('is used by whom the key policy leaves to IAM and IAM lets in, action by action', async ({ open }) => {
  const nobody = await open({});
  await expect(nobody.put()).rejects.toMatchObject(denied('GenerateDataKey'));
  await expect(nobody.start()).rejects.toMatchObject({
    name: 'AccessDeniedException',
    Reason: 'DEPENDENCY_ACCESS_DENIED',
  });
  const writer = await open({ actions: 'kms:GenerateDataKey' });
  await writer.put();
  const at = { Bucket: bucket, Key: 'a' };
  await expect(writer.s3.send(new GetObjectCommand(at))).rejects.toMatchObject(denied('Decrypt'));
  await writer.s3.send(new HeadObjectCommand(at));
  // HEAD has no body that would say why.
  await expect(
    writer.s3.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' })),
  ).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
  await (await open({ actions: 'kms:*' })).start();
});

test('is closed to administrators whom its policy does not name, and open to whom it does', async ({
  open,
}) => {
  const others = { ...allow('kms:*'), Principal: { AWS: `arn:aws:iam::${accountId}:user/else` } };
  const locked = await open({ actions: 'kms:*', keyPolicy: [others] });
  await expect(locked.put()).rejects.toMatchObject(denied('GenerateDataKey'));
  await expect(locked.kms.send(new DescribeKeyCommand({ KeyId: locked.key }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  const named = await open({ keyPolicy: [{ ...allow('kms:*'), Principal: { AWS: userArn } }] });
  await named.put();
  const throughEc2 = { StringEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' } };
  const via = await open({
    keyPolicy: [{ ...allow('kms:*'), Principal: { AWS: userArn }, Condition: throughEc2 }],
  });
  await via.start();
  await expect(via.put()).rejects.toMatchObject(denied('GenerateDataKey'));
});

test("of AWS itself is everybody's in the account, through its service", async ({ open }) => {
  const { ebs } = await open({});
  expect(await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true }))).toMatchObject({
    SseType: 'sse-kms',
  });
});

test('of a bucket encrypts what asks for nothing', async ({ open }) => {
  const { account, key, s3 } = await open({});
  const rules = [
    { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: key } },
  ];
  const ServerSideEncryptionConfiguration = { Rules: rules };
  await account.s3.send(
    new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration }),
  );
  expect(await account.s3.send(new GetBucketEncryptionCommand({ Bucket: bucket }))).toMatchObject({
    ServerSideEncryptionConfiguration: { Rules: [{ ...rules[0], BucketKeyEnabled: false }] },
  });
  const put = new PutObjectCommand({ Bucket: bucket, Key: 'b', Body: 'b' });
  await expect(s3.send(put)).rejects.toMatchObject(denied('GenerateDataKey'));
  expect(await account.s3.send(put)).toMatchObject({ SSEKMSKeyId: key });
});
