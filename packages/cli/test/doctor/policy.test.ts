import {
  EnableEbsEncryptionByDefaultCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { AttachRolePolicyCommand, CreatePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { PutBucketEncryptionCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import { seedEc2 } from '@ec2-image/local-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPolicy, permissionTable } from '../../src/iam/policy-document.ts';
import { createRolePolicy } from '../../src/iam/role-documents.ts';
import { bucket, region } from '../support/account.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { sampleOf, sampleSeed } from '../support/sample.ts';
import { limited, openStage, type Stage } from './support.ts';

const scope = { regions: [region], buckets: [bucket], keyPrefixes: ['ec2-image/'], account: '123456789012' };

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 });
});
afterAll(() => images[Symbol.asyncDispose]());

interface Statement {
  readonly Action: readonly string[];
}

/** Who may import, through the keys of the account too, and look with all but one of doctor's own actions. */
function openWithout(action?: string): Promise<Stage> {
  const importing = createPolicy(['import-s3'], scope).Statement as readonly Statement[];
  const looking = (createPolicy(['doctor'], scope).Statement as readonly Statement[])
    .map((statement) => ({ ...statement, Action: statement.Action.filter((one) => one !== action) }))
    .filter(({ Action }) => Action.length > 0);
  const keys = { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: '*' };
  const policies = [{ Version: '2012-10-17', Statement: [...importing, ...looking, keys] }];
  return openStage(images, {
    credentials: [{ ...limited, userName: 'limited', policies }],
    signer: limited,
    quotas: { publicImages: 10 },
  });
}

/** All that doctor reads is there: more public AMIs than accounts may have by default, keys of the account for objects and snapshots, and a role with an inline and an attached policy. */
async function furnish({ account }: Stage): Promise<void> {
  const open = Array.from({ length: 5 }, (_, index) => `ami-${String(index).padStart(17, '0')}`);
  seedEc2({
    directory: account.directory,
    images: open.map((id) => ({ id, name: `open-${id}`, snapshotIds: [] })),
  });
  for (const ImageId of open) {
    const LaunchPermission = { Add: [{ Group: 'all' as const }] };
    await account.ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission }));
  }
  const { KeyMetadata } = await account.client(KMSClient).send(new CreateKeyCommand({}));
  const key = KeyMetadata!.Arn!;
  await account.ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  await account.ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key }));
  const encryption = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: key };
  const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: encryption }] };
  await account.s3.send(
    new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration }),
  );
  const rule = {
    ...({ ID: 'uploads', Status: 'Enabled', Filter: { Prefix: '' } } as const),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  };
  const LifecycleConfiguration = { Rules: [rule] };
  await account.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }),
  );
  const iam = account.client(IAMClient);
  const PolicyDocument = JSON.stringify(
    createRolePolicy({ ...scope, objectKeys: [key], snapshotKeys: [key] }),
  );
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'vmimport', PolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'vmimport', PolicyArn: Policy!.Arn }));
}

test('under the policies of import and doctor, everything is proven', async () => {
  await using stage = await openWithout();
  await furnish(stage);
  const { checks, nothingFound } = await stage.doctor();
  expect(nothingFound, JSON.stringify(checks, null, 1)).toBe(true);
});

const actions = permissionTable.doctor.flatMap((permission) => permission.actions);
console.log(`doctor without some of its ${actions.length} actions; EC2_IMAGE_SEED=${sampleSeed}`);

test.each(sampleOf(actions, 2))('without %s something is not provable, which doctor says', async (action) => {
  await using stage = await openWithout(action);
  await furnish(stage);
  const { checks, nothingFound } = await stage.doctor();
  expect(nothingFound).toBe(false);
  const found = checks.filter(({ state }) => state !== 'ok');
  expect(found, JSON.stringify(found, null, 1)).not.toEqual([]);
  expect(found.every(({ state }) => state === 'warning' || state === 'skipped')).toBe(true);
  const named = found.some(({ detail, hint = '' }) => `${detail} ${hint}`.includes(action));
  expect(named, JSON.stringify(found, null, 1)).toBe(true);
});
