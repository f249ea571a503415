import { parsePolicy } from '@ec2-image/iam-policy';
import { denialText } from '../iam/authorization/denial.ts';
import type { Permissions } from '../iam/authorization/permissions.ts';
import type { Requirement } from '../iam/authorization/requirement.ts';
import { viaService } from './key-policies.ts';
import type { KmsKey } from './keys.ts';

/** What a service asks KMS for on behalf of a caller, who needs the permissions on the key. */
export interface KeyUse {
  readonly key: KmsKey;
  /** `Decrypt`, without its service. */
  readonly actions: readonly string[];
  readonly via: 'ec2' | 's3';
}

/**
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-permissions.html: what EBS direct wants on a key, whoever made
 * the snapshot.
 */
export const volumeKeyActions: readonly string[] = [
  'CreateGrant',
  'Decrypt',
  'DescribeKey',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html: of whoever launches from an encrypted snapshot. */
export const launchKeyActions: readonly string[] = [
  'CreateGrant',
  'Decrypt',
  'DescribeKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];

/** Each as a decision of its own: nobody is let in but by the key's policy, be it through the account's IAM. */
export function keyRequirements({ key, actions, via }: KeyUse): Requirement[] {
  const [, , , region = '', accountId = ''] = key.arn.split(':');
  return actions.map((action) => ({
    action: `kms:${action}`,
    resource: key.arn,
    context: {
      'kms:ViaService': viaService(via, region),
      'kms:CallerAccount': accountId,
      ...aliasContext(key),
    },
    resourcePolicy: parsePolicy(key.policy, 'resource'),
    resourceMustAllow: true,
    resourceAccountId: accountId,
  }));
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases */
export function aliasContext({ aliases }: Pick<KmsKey, 'aliases'>): {
  readonly 'kms:ResourceAliases'?: readonly string[];
} {
  return aliases.length > 0 ? { 'kms:ResourceAliases': aliases } : {};
}

/** Why the caller may not use the key so, in AWS's words; undefined where they may. */
export function whyKeyDenied(use: KeyUse, permissions: Permissions): string | undefined {
  for (const requirement of keyRequirements(use)) {
    const decision = permissions.decide(requirement);
    if (!decision.allowed) return denialText(requirement, decision, permissions);
  }
  return undefined;
}
