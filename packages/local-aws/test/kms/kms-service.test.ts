import { StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, testWith } from '../support/account.ts';

const test = testWith()
  .extend('kms', { scope: 'file' }, ({ account }) => account.client(KMSClient))
  .extend('createKey', { scope: 'file' }, ({ kms }) => async (input: CreateKeyCommandInput = {}) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
    return { arn: KeyMetadata!.Arn!, keyId: KeyMetadata!.KeyId! };
  });

describe('a key', () => {
  test('is known by id, ARN and alias', async ({ kms, createKey }) => {
    const { arn, keyId } = await createKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/images', TargetKeyId: keyId }));
    const aliasArn = arn.replace(/key\/.*/, 'alias/images');
    for (const KeyId of [keyId, arn, 'alias/images', aliasArn]) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({ Arn: arn, KeyState: 'Enabled', KeyManager: 'CUSTOMER' });
    }
    expect(await kms.send(new DescribeKeyCommand({ KeyId: 'alias/aws/ebs' }))).toMatchObject({
      KeyMetadata: { KeyManager: 'AWS', KeyState: 'Enabled' },
    });
  });

  test('of another region is not found, nor one that was never made', async ({ kms, createKey }) => {
    const { arn, keyId } = await createKey();
    const never = keyId.replace(/.{4}$/, '0000');
    for (const KeyId of [arn.replace('us-east-1', 'eu-west-1'), never, 'alias/never'])
      await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({
        name: 'NotFoundException',
      });
  });
});

describe('a snapshot', () => {
  test('has the key that it is given, or the one of EBS', async ({ account, ebs, createKey }) => {
    const { arn } = await createKey();
    const keyOf = async (given: { readonly KmsKeyArn?: string }) => {
      const started = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, ...given }));
      const { Snapshots } = await account.ec2.send(
        new DescribeSnapshotsCommand({ SnapshotIds: [started.SnapshotId!] }),
      );
      expect(Snapshots![0]).toMatchObject({ Encrypted: true, KmsKeyId: started.KmsKeyArn });
      return started.KmsKeyArn;
    };
    expect(await keyOf({ KmsKeyArn: arn })).toBe(arn);
    expect(await keyOf({})).toMatch(/^arn:aws:kms:us-east-1:123456789012:key\//);
  });

  test('is refused with a key that cannot encrypt it', async ({ kms, ebs, createKey }) => {
    const start = (KmsKeyArn: string) =>
      ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, KmsKeyArn }));
    const { arn } = await createKey();
    await expect(start(arn.replace(/.{4}$/, '0000'))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      Reason: 'DEPENDENCY_RESOURCE_NOT_FOUND',
    });
    const unusable = { name: 'ValidationException', Reason: 'INVALID_CUSTOMER_KEY' };
    await kms.send(new DisableKeyCommand({ KeyId: arn }));
    await expect(start(arn)).rejects.toMatchObject(unusable);
    await kms.send(new EnableKeyCommand({ KeyId: arn }));
    expect(await start(arn)).toMatchObject({ KmsKeyArn: arn });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: arn }));
    await expect(start(arn)).rejects.toMatchObject(unusable);
    const { arn: asymmetric } = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
    await expect(start(asymmetric)).rejects.toMatchObject(unusable);
  });
});
