import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  EC2Client,
  EnableImageBlockPublicAccessCommand,
  EnableSnapshotBlockPublicAccessCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRolePolicy, createRoleTrust } from '../../src/iam/role-documents.ts';
import { bucket, region } from '../support/account.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { ownEnvironment } from '../support/run-cli.ts';
import { stockAwsDirectory } from '../support/stock-aws.ts';
import { limited, openStage, type Stage } from './support.ts';

const scope = { regions: [region], buckets: [bucket], keyPrefixes: ['ec2-image/'], account: '123456789012' };
const inline = { RoleName: 'vmimport', PolicyName: 'vmimport' };

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 });
});
afterAll(() => images[Symbol.asyncDispose]());

/** By a shell, as it was printed; the endpoint is the environment's. */
async function runScript(script: string, { account }: Stage): Promise<void> {
  const PATH = `${await stockAwsDirectory()}:${process.env.PATH}`;
  await promisify(execFile)('sh', ['-e', '-c', script], {
    env: { ...ownEnvironment, PATH, AWS_ENDPOINT_URL: account.aws.url, AWS_PAGER: '' },
  });
}

/** Whether the stock aws command here has what lifts a block of public access: that of Debian 12 is older than it. */
async function mayAllowPublicAccess(): Promise<boolean> {
  const operation = ['ec2', 'disable-image-block-public-access'];
  const command = [...operation, '--region', region, '--generate-cli-skeleton', 'output'];
  const env = { ...ownEnvironment, PATH: process.env.PATH };
  return promisify(execFile)('aws', command, { env }).then(
    () => true,
    () => false,
  );
}

async function breakEverything(stage: Stage): Promise<void> {
  const { account } = stage;
  const iam = account.client(IAMClient);
  await iam.send(new DeleteRolePolicyCommand(inline));
  await iam.send(new DeleteRoleCommand({ RoleName: 'vmimport' }));
  await account.s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  const kms = account.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "the images' key" }));
  await kms.send(new DisableKeyCommand({ KeyId: KeyMetadata!.Arn }));
  stage.settings = { encrypt: true, 'kms-key': KeyMetadata!.Arn };
}

/** Round after round: what is behind something that may not be seen shows only afterwards. */
async function fixEverything(stage: Stage, rounds: number) {
  for (let round = 0; ; round++) {
    const { checks, nothingFound } = await stage.doctor();
    if (nothingFound) break;
    expect(round, JSON.stringify(checks, null, 1)).toBeLessThan(rounds);
    await runScript((await stage.doctor('--fix')).stdout, stage);
  }
  const imported = await stage.import();
  expect(imported.exitCode, imported.stderr).toBe(0);
}

describe('what doctor --fix prints', () => {
  test('is run as it stands, until nothing is found and an import succeeds', {
    timeout: 120_000,
  }, async () => {
    await using stage = await openStage(images);
    await breakEverything(stage);
    const { stdout, stderr } = await stage.doctor('--fix');
    expect(stderr).toContain('role vmimport');
    expect(stdout).toMatch(/^# .*\naws /);
    await fixEverything(stage, 4);
  });

  test('gives a user who may do nothing what doctor, import, publish and retire need, and lets everybody have the AMI', {
    timeout: 300_000,
  }, async () => {
    await using stage = await openStage(images, {
      credentials: [{ ...limited, userName: 'limited', policies: [] }],
      signer: limited,
    });
    if (await mayAllowPublicAccess()) {
      const blocked = { ImageBlockPublicAccessState: 'block-new-sharing' } as const;
      await stage.account.ec2.send(new EnableImageBlockPublicAccessCommand(blocked));
      const other = stage.account.client(EC2Client, { region: 'eu-west-1' });
      await other.send(new EnableSnapshotBlockPublicAccessCommand({ State: 'block-all-sharing' }));
    }
    stage.settings = { regions: ['eu-west-1'], share: { public: true }, retain: { count: 2 } };
    await fixEverything(stage, 4);
  });

  test('gives a role that may do nothing the same, and the key that it encrypts with', {
    timeout: 300_000,
  }, async () => {
    await using stage = await openStage(images);
    const kms = stage.account.client(KMSClient);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/images', TargetKeyId: KeyMetadata!.Arn }));
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${scope.account}:root` },
      Action: 'sts:AssumeRole',
    };
    const { Role } = await stage.account.client(IAMClient).send(
      new CreateRoleCommand({
        RoleName: 'Importer',
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
      }),
    );
    stage.settings = { 'role-arn': Role!.Arn, via: 'ebs', encrypt: true, 'kms-key': 'alias/images' };
    await fixEverything(stage, 4);
  });

  test('repairs a role whose trust or policy is wrong', { timeout: 300_000 }, async () => {
    await using stage = await openStage(images);
    const iam = stage.account.client(IAMClient);
    await iam.send(new DeleteRolePolicyCommand(inline));
    await iam.send(new DeleteRoleCommand({ RoleName: 'vmimport' }));
    const trust = createRoleTrust({ ...scope, account: '999999999999' });
    await iam.send(
      new CreateRoleCommand({ RoleName: 'vmimport', AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    const document = createRolePolicy({ ...scope, buckets: ['other-bucket'] });
    await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument: JSON.stringify(document) }));
    await runScript((await stage.doctor('--fix')).stdout, stage);
    const after = await stage.doctor();
    expect(after.nothingFound, JSON.stringify(after.checks, null, 1)).toBe(true);
  });

  test('is nothing where nothing is wrong, and a CloudFormation template where one is asked for', async () => {
    await using stage = await openStage(images);
    await runScript((await stage.doctor('--fix')).stdout, stage);
    expect((await stage.doctor('--fix')).stdout).toBe('');
    await breakEverything(stage);
    const { stdout } = await stage.doctor('--fix', '--cloudformation');
    const template = JSON.parse(stdout) as { readonly Resources: Readonly<Record<string, object>> };
    expect(template).toMatchObject({
      AWSTemplateFormatVersion: '2010-09-09',
      Metadata: { NotInThisTemplate: [expect.stringMatching(/^enable the KMS key/)] },
    });
    expect(Object.keys(template.Resources).every((id) => /^[A-Za-z0-9]+$/.test(id))).toBe(true);
    const kinds = Object.fromEntries(
      Object.values(template.Resources).map((resource) => [(resource as { Type: string }).Type, resource]),
    );
    expect(Object.keys(kinds).sort()).toEqual(['AWS::IAM::Role', 'AWS::S3::Bucket']);
    // The documents are those of the one table.
    expect(kinds['AWS::IAM::Role']).toMatchObject({
      Properties: {
        RoleName: 'vmimport',
        AssumeRolePolicyDocument: createRoleTrust(scope),
        Policies: [{ PolicyDocument: createRolePolicy(scope) }],
      },
    });
    expect(kinds['AWS::S3::Bucket']).toMatchObject({ Properties: { BucketName: bucket } });
  });
});
