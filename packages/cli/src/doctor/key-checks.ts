import { GetEbsDefaultKmsKeyIdCommand, GetEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { isAwsCallError } from '@ec2-image/aws-call';
import { type PolicyDocument, parsePolicy } from '@ec2-image/iam-policy';
import { whyUnusable } from '../aws/kms-key.ts';
import { keyFix } from './account-fixes.ts';
import { judge } from './judge.ts';
import type { Place } from './places.ts';
import { type CheckReport, check, type PermissionReport } from './report.ts';
import { viaService } from './role-needs.ts';
import type { Scene } from './scene.ts';
import { simulate } from './simulate.ts';
import type { KeyFacts } from './uses.ts';

export interface FoundKey {
  readonly report: CheckReport;
  /** Undefined where the key is AWS's own, or nothing is known of it. */
  readonly facts?: KeyFacts;
}

/** The key of the snapshots that are made in the scene's region; undefined where they are not encrypted. */
export async function findSnapshotKey(
  scene: Scene,
  { kmsKey, encrypt }: Pick<Place, 'kmsKey' | 'encrypt'>,
): Promise<FoundKey | undefined> {
  let key = kmsKey;
  try {
    key ??= await defaultKeyOf(scene, encrypt);
  } catch (error) {
    scene.signal.throwIfAborted();
    return { report: await check('KMS key of snapshots', () => Promise.reject(error)) };
  }
  return key === undefined ? undefined : checkKey(scene, { key, use: 'snapshots' });
}

/** What snapshots are encrypted with that name no key, where the account encrypts them all. */
async function defaultKeyOf(
  { senders: { ec2 }, signal }: Scene,
  encrypt: boolean,
): Promise<string | undefined> {
  try {
    if (!encrypt) {
      const { EbsEncryptionByDefault } = await ec2.send(new GetEbsEncryptionByDefaultCommand({}));
      if (!EbsEncryptionByDefault) return undefined;
    }
    return (await ec2.send(new GetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId;
  } catch (error) {
    signal.throwIfAborted();
    if (isAwsCallError(error, 'ACCESS_DENIED')) return 'unknown';
    throw error;
  }
}

/** Whether the key is there and can encrypt, and who may use it. */
export async function checkKey(
  scene: Scene,
  { key, use }: { readonly key: string; readonly use: 'snapshots' | 'objects' },
): Promise<FoundKey> {
  const name = `KMS key of ${use}`;
  if (key === 'unknown') {
    const hint = 'Allow ec2:GetEbsEncryptionByDefault and ec2:GetEbsDefaultKmsKeyId to have it checked.';
    const detail = 'not provable: whether the account encrypts by default may not be read';
    return { report: { check: name, state: 'warning', unseen: true, detail, hint } };
  }
  if (/(^|:)alias\/aws\//.test(key)) {
    return { report: { check: name, state: 'ok', detail: `${key}, AWS's own` } };
  }
  let facts: KeyFacts | undefined;
  const report = await check(name, async () => {
    try {
      const { KeyMetadata: found } = await scene.senders.kms.send(new DescribeKeyCommand({ KeyId: key }));
      const reason = found && whyUnusable(found);
      if (reason !== undefined) {
        return {
          state: 'failed',
          detail: `${key} cannot be used: ${reason}`,
          hint: 'Enable the key, cancel its deletion, or use another.',
          ...(found?.KeyState && { fix: keyFix({ key: found.Arn ?? key, state: found.KeyState }) }),
        };
      }
      if (found?.KeyManager === 'AWS') return { state: 'ok', detail: `${key}, AWS's own` };
      const arn = found?.Arn ?? key;
      facts = { arn, account: arn.split(':')[4] ?? scene.account, policy: await readKeyPolicy(scene, arn) };
      return { state: 'ok', detail: arn };
    } catch (error) {
      if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
      // EBS and EC2 have the last word on it.
      if (/:key\//.test(key)) facts = { arn: key, account: key.split(':')[4]!, policy: 'unknown' };
      return {
        state: 'warning',
        unseen: true,
        detail: `not provable: kms:DescribeKey denied on ${key}`,
        hint: 'Allow kms:DescribeKey and kms:GetKeyPolicy on it to have it checked.',
      };
    }
  });
  return { report, ...(facts && { facts }) };
}

async function readKeyPolicy(
  { senders: { kms }, signal }: Scene,
  KeyId: string,
): Promise<KeyFacts['policy']> {
  try {
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
    return parsePolicy(Policy, 'resource');
  } catch (error) {
    signal.throwIfAborted();
    if (isAwsCallError(error, 'ACCESS_DENIED')) return 'unknown';
    throw error;
  }
}

/** What the caller may do with a key: its policy must let them in, itself or by leaving it to the account's IAM. */
export async function keyPermissions(
  scene: Scene,
  {
    key,
    actions,
    via,
  }: { readonly key: KeyFacts; readonly actions: readonly string[]; readonly via: 'ec2' | 's3' },
): Promise<PermissionReport[]> {
  const { caller, account, region } = scene;
  const context = { 'kms:ViaService': viaService(via, region), 'kms:CallerAccount': account };
  const simulated = await simulate(scene, {
    source: caller.source,
    wanted: { actions, resource: key.arn },
    context,
    unprovable: caller.unprovable,
  });
  const { policy } = key;
  if (policy === 'unknown') {
    return simulated.map((report) =>
      report.state === 'unproven'
        ? report
        : { ...report, state: 'unproven', detail: 'kms:GetKeyPolicy is denied' },
    );
  }
  return simulated.map((report): PermissionReport => {
    const { action, resource, detail } = report;
    const principal = {
      accountId: account,
      arn: caller.arn,
      userId: '',
      ...(caller.source !== undefined && caller.source !== caller.arn && { roleArn: caller.source }),
    };
    const decide = (identity: readonly PolicyDocument[] | undefined) =>
      judge(scene, {
        ...{ principal, action, resource, context },
        policies: { identity, resource: policy, resourceMustAllow: true, resourceAccountId: key.account },
      });
    const [{ decision: whole }, { decision: alone, byKeys }] = [decide(undefined), decide([])];
    if (byKeys.length > 0) {
      return { action, resource, state: 'unproven', detail: `the key's policy goes by ${byKeys.join(', ')}` };
    }
    // An identity policy that allows everything cannot get past it.
    if (!whole.allowed) {
      return {
        action,
        resource,
        state: 'denied',
        by: 'policies',
        detail: `the policy of ${key.arn} does not let ${caller.arn} in`,
      };
    }
    if (alone.allowed && report.state === 'denied' && detail?.startsWith('no policy')) {
      return { action, resource, state: 'proven', by: 'policies' };
    }
    return report;
  });
}
