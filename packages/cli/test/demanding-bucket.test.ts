import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { HeadObjectCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { bucket, region } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const header = 's3:x-amz-server-side-encryption';

const test = testWith()
  /** One that the service role may use. */
  .extend('key', async ({ account }) => {
    const { KeyMetadata } = await account.client(KMSClient).send(new CreateKeyCommand({}));
    const Statement = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }];
    await account.client(IAMClient).send(
      new PutRolePolicyCommand({
        ...{ RoleName: 'vmimport', PolicyName: 'keys' },
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    return KeyMetadata!.Arn!;
  })
  /** As AWS publishes it: no upload without the header, nor with another value. */
  .extend('demand', ({ account }) => async (demands: Readonly<Record<string, string>>) => {
    const denied = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${bucket}/*`,
    };
    const Statement = Object.entries(demands).flatMap(([key, value]) => [
      { ...denied, Condition: { Null: { [key]: 'true' } } },
      { ...denied, Condition: { StringNotEquals: { [key]: value } } },
    ]);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await account.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  });

test.for([
  ['SSE-S3', () => ({ [header]: 'AES256' }), () => ({ sse: 'AES256' }), { ServerSideEncryption: 'AES256' }],
  [
    'SSE-KMS with one key',
    (key: string) => ({ [header]: 'aws:kms', [`${header}-aws-kms-key-id`]: key }),
    (key: string) => ({ 'sse-kms-key': key }),
    { ServerSideEncryption: 'aws:kms' },
  ],
] as const)(
  'a bucket whose policy demands %s',
  async ([_, demands, option, stored], { account, demand, key, runImport }) => {
    await demand(demands(key));
    const without = await runImport();
    expect(without.result.error, without.stderr).toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('explicit deny in a resource-based policy'),
      hint: expect.stringContaining('--sse'),
    });
    expect(await account.contents()).toMatchObject({ uploads: [], objects: [] });

    const flags = option(key);
    const imported = await runImport({ ...flags, 'keep-object': true });
    expect(imported.result.outcome, imported.stderr).toBe('imported');
    const [Key] = (await account.contents()).objects;
    expect(await account.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))).toMatchObject({
      ...stored,
      ...('sse-kms-key' in flags && { SSEKMSKeyId: key }),
    });

    const place = { bucket, region, 'endpoint-url': account.aws.url };
    const doctor = await runInProcess(['doctor', ...flagsOf({ ...place, ...flags })]);
    expect(doctor.exitCode, doctor.stdout + doctor.stderr).toBe(0);
  },
);
