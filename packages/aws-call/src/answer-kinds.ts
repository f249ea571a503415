import type { AwsCallErrorCode } from './aws-call-error.ts';
import type { AwsErrorFacts } from './error-facts.ts';
import type { ServiceName } from './permissions.ts';

/** What a service's code says, where it says more than that the call was refused. */
export interface AnswerKind {
  readonly code: AwsCallErrorCode;
  readonly message: (service: ServiceName, call: string) => string;
  readonly hint: string;
}

/** Codes are compared exactly. */
interface Entry extends AnswerKind {
  readonly codes: ReadonlySet<string>;
  /** What must be in the message beside one of the codes. */
  readonly said?: RegExp;
  /** In place of a code: what EBS direct adds to one. */
  readonly reasons?: ReadonlySet<string>;
}

/**
 * In order: the first that fits holds. From the pages of common errors of the services, and the error shapes of their
 * models: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
 * https://docs.aws.amazon.com/ebs/latest/APIReference/CommonErrors.html
 */
const entries: readonly Entry[] = [
  {
    code: 'CLOCK_WRONG',
    codes: new Set(['RequestTimeTooSkewed', 'RequestInTheFuture']),
    message: (_, call) => `the clock of this machine is wrong (${call})`,
    hint: 'Set the clock (for example with `timedatectl set-ntp true`), then run the same command again.',
  },
  {
    code: 'CLOCK_WRONG',
    codes: new Set(['InvalidSignatureException', 'SignatureDoesNotMatch', 'AuthFailure']),
    said: /signature (?:has )?(?:expired|not yet)/i,
    message: (_, call) => `the clock of this machine is wrong (${call})`,
    hint: 'Set the clock (for example with `timedatectl set-ntp true`), then run the same command again.',
  },
  {
    code: 'SERVICE_NOT_ENABLED',
    codes: new Set(['RegionDisabledException']),
    message: (service, call) => `${service} is not active in this region for the account (${call})`,
    hint: 'Enable the region for the account, and its STS endpoint in the account settings of IAM; or use another region.',
  },
  {
    code: 'SERVICE_NOT_ENABLED',
    codes: new Set(['OptInRequired', 'NotSignedUp', 'SubscriptionRequiredException']),
    message: (service, call) => `the account is not subscribed to ${service} in this region (${call})`,
    hint: 'Complete the registration of the account, enable the region for it, or use another region.',
  },
  {
    code: 'ACCOUNT_BLOCKED',
    codes: new Set(['AccountProblem', 'AllAccessDisabled', 'Blocked', 'PendingVerification']),
    message: (_, call) => `AWS has blocked the account (${call})`,
    hint: 'Open the billing page and the AWS Health Dashboard of the account, or contact AWS Support.',
  },
  {
    code: 'KMS_KEY_UNUSABLE',
    codes: new Set([
      ...[
        'DisabledException',
        'KMSInvalidStateException',
        'InvalidKeyUsageException',
        'IncorrectKeyException',
      ],
      ...['InvalidGrantTokenException', 'InvalidCiphertextException', 'InvalidKeyId', 'InvalidArnException'],
      ...['KMS.DisabledException', 'KMS.InvalidStateException', 'KMS.KMSInvalidStateException'],
      ...['KMS.InvalidKeyUsageException', 'KMS.NotFoundException', 'CustomerKeyHasBeenRevoked'],
    ]),
    reasons: new Set([
      'DEPENDENCY_RESOURCE_NOT_FOUND',
      'GRANT_NOT_FOUND',
      'INVALID_CUSTOMER_KEY',
      'INVALID_GRANT_TOKEN',
    ]),
    message: (service, call) => `the KMS key cannot be used (${service} ${call})`,
    hint: 'Check that the KMS key exists in this region, is enabled, and is a symmetric encryption key; then run the same command again.',
  },
  {
    // EC2 answers so with 500, and yet nothing has failed: what is asked for is not to be had for hours.
    code: 'AWS_REFUSED',
    codes: new Set(['InsufficientInstanceCapacity', 'InsufficientCapacity']),
    message: (service, call) => `${service} has no capacity left for this (${call})`,
    hint: 'Choose another instance type or subnet, or try again later.',
  },
  {
    code: 'CREDENTIALS_REFUSED',
    codes: new Set(['IDPRejectedClaim', 'InvalidIdentityToken']),
    message: (_, call) => `AWS rejected the identity token (${call})`,
    hint: 'Check that the identity provider of the account trusts who issued the token, and that AWS_WEB_IDENTITY_TOKEN_FILE holds a current one.',
  },
  {
    code: 'AWS_UNREACHABLE',
    codes: new Set(['IDPCommunicationError']),
    message: (service, call) => `${service} failed to answer ${call}`,
    hint: 'Run the same command again in a few minutes.',
  },
];

/** Of what the service answered; undefined where it says no more than that it refused. */
export function answerKind({ awsCode, awsMessage, reason }: AwsErrorFacts): AnswerKind | undefined {
  return entries.find(
    ({ codes, said, reasons }) =>
      (codes.has(awsCode) && (said?.test(awsMessage) ?? true)) ||
      (reason !== undefined && reasons?.has(reason) === true),
  );
}
