import { type AwsErrorFacts, awsErrorFacts, isAccessDenied } from './error-facts.ts';
import type { ServiceName } from './permissions.ts';

export interface KmsExplanation {
  readonly code: 'ACCESS_DENIED' | 'KMS_KEY_UNUSABLE';
  readonly message: string;
  readonly hint: string;
}

/** What the API reference asks of whoever makes and reads encrypted snapshots. */
const actions =
  'kms:DescribeKey, kms:CreateGrant, kms:Decrypt, kms:Encrypt, kms:GenerateDataKey* and kms:ReEncrypt*';

/** An answer of any service that is about a KMS key, in words; undefined for any other. */
export function explainKms(error: unknown, service: ServiceName, call: string): KmsExplanation | undefined {
  const answer = awsErrorFacts(error);
  if (!answer || (answer.httpStatus ?? 0) >= 500) return undefined;
  if (isAccessDenied(error)) {
    if (service === 'KMS' || !isDenialByKey(answer)) return undefined;
    return {
      code: 'ACCESS_DENIED',
      message: `these credentials may not use the KMS key (${service} ${call})`,
      hint: `Allow ${actions} in the policy of the user or role and in that of the KMS key, then run the same command again.`,
    };
  }
  if (!isUnusable(answer, service)) return undefined;
  return {
    code: 'KMS_KEY_UNUSABLE',
    message: `the KMS key cannot be used (${service} ${call})`,
    hint: 'Check that the key exists in this region, is enabled and not pending deletion, and that these credentials may use it; then run the same command again.',
  };
}

function isDenialByKey({ reason, awsMessage }: AwsErrorFacts): boolean {
  return reason === 'DEPENDENCY_ACCESS_DENIED' || /\bkms:[A-Z]\w+/.test(awsMessage);
}

/** Beside what `answerKind` knows by code alone: these codes are of other things too. */
function isUnusable({ awsCode, awsMessage }: AwsErrorFacts, service: ServiceName): boolean {
  if (service === 'KMS') return awsCode === 'NotFoundException';
  return service === 'EC2' && /^Invalid/.test(awsCode) && /\bKMS key\b/i.test(awsMessage);
}
