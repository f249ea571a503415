import type { Audience } from '@ec2-image/publish';
import { partitionOf } from '../../aws/partition.ts';

/** What other accounts do with the key of an AMI that is shared with them: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html */
const actions = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:ReEncrypt*'];

/** The statement that the policy of a key needs for the accounts that an encrypted AMI is shared with. */
export function keyPolicyStatement({ accounts }: Pick<Audience, 'accounts'>, region: string): object {
  const { id } = partitionOf(region);
  return {
    Sid: 'UseSharedAmis',
    Effect: 'Allow',
    Principal: { AWS: accounts.map((account) => `arn:${id}:iam::${account}:root`) },
    Action: actions,
    Resource: '*',
  };
}
