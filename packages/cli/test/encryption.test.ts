import { DescribeSnapshotsCommand, DisableEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { bucket } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';

/** Few blocks: what is encrypted, and with what, does not depend on them. */
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true };

const test = testWith({ flags: byEbs })
  .extend('kms', ({ account }) => account.client(KMSClient))
  /** One that the service role may use. */
  .extend('createKey', ({ account, kms }) => async (alias?: string) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const Statement = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }];
    await account.client(IAMClient).send(
      new PutRolePolicyCommand({
        ...{ RoleName: 'vmimport', PolicyName: 'keys' },
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    if (alias) await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyMetadata!.KeyId }));
    return KeyMetadata!.Arn!;
  })
  .extend('snapshot', ({ account }) => async (id: string | null) => {
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id!] }));
    return Snapshots![0]!;
  });

describe.each([
  ['ebs', byEbs],
  ['s3', { via: 's3', bucket }],
] as const)('by way of %s', (_, way) => {
  test('the snapshot is encrypted with the key, and the AMI with it', async ({
    createKey,
    runImport,
    snapshot,
  }) => {
    const arn = await createKey('alias/images');
    const { result, exitCode, stderr } = await runImport({
      ...way,
      encrypt: true,
      'kms-key': JSON.stringify({ 'us-east-1': 'alias/images', 'eu-west-1': 'alias/other' }),
    });
    expect(exitCode, stderr).toBe(0);
    expect(await snapshot(result.snapshotId)).toMatchObject({ Encrypted: true, KmsKeyId: arn });
    expect(result.image?.BlockDeviceMappings?.[0]?.Ebs).toMatchObject({ Encrypted: true });
  });

  test('what exists is used only where it is encrypted as asked for', async ({
    account,
    createKey,
    runImport,
    snapshot,
  }) => {
    // Or that of the first run would be encrypted, too.
    await account.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    const [first, second] = [await createKey(), await createKey()];
    const plain = await runImport({ ...way, suffix: 'plain' });
    expect(plain.exitCode, plain.stderr).toBe(0);
    const taken = await runImport({ ...way, suffix: 'plain', encrypt: true, 'kms-key': first });
    expect(taken.result.error?.code).toBe('AMI_NAME_TAKEN_BY_OURS');
    const withKey = (key: string, suffix: string) =>
      runImport({ ...way, suffix, encrypt: true, 'kms-key': key });
    const one = await withKey(first, 'one');
    const two = await withKey(second, 'two');
    const again = await withKey(first, 'again');
    for (const { result, stderr } of [one, two, again]) expect(result.outcome, stderr).toBe('imported');
    expect(await snapshot(two.result.snapshotId)).toMatchObject({ KmsKeyId: second });
    expect(again.result.snapshotId).toBe(one.result.snapshotId);
    expect((await account.contents()).snapshots).toHaveLength(3);
    // Encrypted with any key will do where none is named.
    const any = await runImport({ ...way, suffix: 'any', encrypt: true });
    expect([one.result.snapshotId, two.result.snapshotId]).toContain(any.result.snapshotId);
  });
});

const otherRegion = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

test.for<[string, Record<string, unknown>, string]>([
  ['a key of another region', { encrypt: true, 'kms-key': otherRegion }, 'KMS_KEY_ELSEWHERE'],
  [
    'a key for other regions',
    { encrypt: true, 'kms-key': `{"eu-west-1":"${otherRegion}"}` },
    'KMS_KEY_MISSING',
  ],
  ['a key without encryption', { 'kms-key': 'alias/images' }, 'KMS_KEY_WITHOUT_ENCRYPT'],
  ['an ARN of something else', { encrypt: true, 'kms-key': 'arn:aws:s3:::bucket' }, 'BAD_OPTION'],
  ['an alias without its prefix', { encrypt: true, 'kms-key': 'images' }, 'BAD_OPTION'],
])('%s is refused before anything is done', async ([, flags, code], { account, images, runImport }) => {
  const served = images.server.requests.length;
  const end = await runImport(flags);
  expect([end.exitCode, end.json<ImportDocument>().error?.code], end.stderr).toEqual([2, code]);
  expect(images.server.requests.length).toBe(served);
  expect(account.aws.calls.list().some(({ mutating, service }) => mutating && service !== 'sts')).toBe(false);
});

test.for([
  ['is missing', async () => {}],
  ['is disabled', (kms: KMSClient, KeyId: string) => kms.send(new DisableKeyCommand({ KeyId }))],
  [
    'is pending deletion',
    (kms: KMSClient, KeyId: string) => kms.send(new ScheduleKeyDeletionCommand({ KeyId })),
  ],
] as const)(
  'a key that %s is named before anything is downloaded',
  async ([state, change], { account, images, kms, createKey, runImport }) => {
    const arn = await createKey();
    await change(kms, arn);
    const key = state === 'is missing' ? arn.replace(/.{6}$/, 'abcdef') : arn;
    const served = images.server.requests.length;
    const { result, exitCode } = await runImport({ encrypt: true, 'kms-key': key });
    expect([exitCode, result.error]).toMatchObject([
      1,
      { code: 'KMS_KEY_UNUSABLE', message: expect.stringContaining(key) },
    ]);
    expect(result.leftovers).toEqual([]);
    // The checksum file, at most.
    expect(images.server.requests.length - served).toBeLessThanOrEqual(1);
    expect(account.calls('StartSnapshot')).toEqual([]);
  },
);

test.for([
  ['PutSnapshotBlock', 'kms-access-denied', 'ACCESS_DENIED'],
  ['PutSnapshotBlock', 'kms-grant-missing', 'KMS_KEY_UNUSABLE'],
  ['StartSnapshot', 'kms-key-missing', 'KMS_KEY_UNUSABLE'],
  ['StartSnapshot', 'kms-key-disabled', 'KMS_KEY_UNUSABLE'],
] as const)(
  'at %s, %s names KMS and the key, and the same command resumes when it has passed',
  async ([operation, preset, code], { account, createKey, runImport }) => {
    const flags = { encrypt: true, 'kms-key': await createKey() };
    account.aws.faults.add({
      match: { service: 'ebs', operation },
      nth: operation === 'PutSnapshotBlock' ? 3 : 1,
      times: 'always',
      action: { kind: 'error', preset },
    });
    const { result } = await runImport(flags);
    expect(result.error).toMatchObject({ code, message: expect.stringContaining(flags['kms-key']) });
    expect(result.error?.message).toMatch(/KMS key/);
    const { snapshots } = await account.contents();
    expect(snapshots.map(({ State }) => State)).toEqual(operation === 'StartSnapshot' ? [] : ['pending']);
    expect(result.leftovers).toEqual(snapshots.map(({ SnapshotId }) => `pending snapshot ${SnapshotId}`));
    account.aws.faults.clear();
    const next = await runImport(flags);
    expect(next.result.outcome, next.stderr).toBe('imported');
    if (snapshots[0]) expect(next.result.snapshotId).toBe(snapshots[0].SnapshotId);
  },
);

test('an import task that fails for its key names KMS and the key', async ({
  account,
  createKey,
  runImport,
}) => {
  const key = await createKey();
  account.aws.faults.add({
    match: { operation: 'ImportSnapshot' },
    times: 'always',
    action: { kind: 'task-fails', statusMessage: 'ClientError: KMS key is not accessible' },
  });
  const { result } = await runImport({
    via: 's3',
    bucket,
    'omit-holes': undefined,
    encrypt: true,
    'kms-key': key,
  });
  expect(result.error).toMatchObject({ code: 'KMS_KEY_UNUSABLE', hint: expect.stringContaining(key) });
  expect((await account.contents()).snapshots).toEqual([]);
});
