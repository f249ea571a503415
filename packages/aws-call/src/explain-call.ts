import { isExplained } from '@ec2-image/explained-error';
import { OutboundError } from '@ec2-image/outbound';
import { answerKind } from './answer-kinds.ts';
import { AwsCallError, type AwsCallErrorCode } from './aws-call-error.ts';
import { decodeCommand, encodedDenialOf, withoutEncoded } from './encoded-denial.ts';
import {
  awsErrorFacts,
  formatAwsError,
  isAccessDenied,
  isChecksumRefused,
  isCredentialsError,
  isThrottling,
  isUnanswered,
  localErrno,
} from './error-facts.ts';
import { explainConnection } from './explain-connection.ts';
import { explainKms } from './explain-kms.ts';
import { actionsOf, type ServiceName, services } from './permissions.ts';

export interface FailedCall {
  /** What the SDK threw. */
  readonly error: unknown;
  readonly service: ServiceName;
  /** Such as `ImportSnapshot`. */
  readonly operation: string;
  /** Where it is not AWS's own, such as `http://127.0.0.1:4566`. */
  readonly endpoint?: string;
}

/** EC2's, EBS direct's and other services' names for a limit that is reached; the depth of a name is not a quota. */
const quota =
  /^(?!HierarchyLevel).*(LimitExceeded|CountExceeded|QuotaExceeded)(Exception)?$|^TooManyBuckets$/;

/**
 * What a service answered to one call, or that it did not, as an error with a hint. Anything that neither the service nor
 * the SDK said (a bug, an abort) is returned unchanged.
 */
export function explainCall({ error, service, operation, endpoint }: FailedCall): unknown {
  // What a credential provider's own call failed with is explained already.
  if (isExplained(error) && !(error instanceof OutboundError)) return error;
  const answer = awsErrorFacts(error);
  const { awsCode, reason, httpStatus, requestId } = answer ?? {};
  const encoded = encodedDenialOf(answer?.awsMessage ?? '');
  const said = withoutEncoded(formatAwsError(error)).replace(/\s+/g, ' ');
  const call = `${operation}: ${said}`;
  const explained = (code: AwsCallErrorCode, message: string, hint: string) =>
    new AwsCallError(code, message, {
      hint,
      cause: error,
      facts: {
        ...{ service, operation, awsCode, httpStatus, requestId },
        ...(reason !== undefined && { reason }),
        ...(encoded !== undefined && { encodedMessage: encoded }),
      },
    });

  const errno = localErrno(error);
  if (errno === 'EMFILE' || errno === 'ENFILE') {
    return explained(
      'TOO_MANY_OPEN_FILES',
      `too many open files on this machine to call ${service} (${call})`,
      'Raise the limit (`ulimit -n 4096`), or import fewer images at a time; then run the same command again.',
    );
  }
  if (errno !== undefined) {
    return explained(
      'LOCAL_FAILURE',
      `this machine could not call ${service} (${call})`,
      'Fix what the message names, then run the same command again.',
    );
  }
  const connection = explainConnection(error, { service, operation, endpoint });
  if (connection) return explained(connection.code, connection.message, connection.hint);
  const kind = answer && answerKind(answer);
  if (kind) return explained(kind.code, kind.message(service, call), kind.hint);
  const credentials = explainCredentials(error, call);
  if (credentials) return explained(credentials.code, credentials.message, credentials.hint);
  if (isThrottling(error)) {
    return explained(
      'THROTTLED',
      `${service} is throttling this account (${call})`,
      'Wait a few minutes, then run the same command again, or raise --max-attempts.',
    );
  }
  if (isUnanswered(error)) {
    if (httpStatus === undefined)
      return explained('AWS_UNREACHABLE', `cannot reach ${service} (${call})`, unreachableHint(endpoint));
    return httpStatus >= 500
      ? explained(
          'AWS_UNREACHABLE',
          `${service} failed to answer ${call}`,
          'Run the same command again in a few minutes.',
        )
      : explained(
          'AWS_UNREACHABLE',
          `cannot read the answer of ${service} to ${call}`,
          unreachableHint(endpoint),
        );
  }
  if (!answer) return error;
  const kms = explainKms(error, service, call);
  if (kms) return explained(kms.code, kms.message, kms.hint);
  if (isAccessDenied(error) && !isChecksumRefused(error)) {
    const actions = actionsOf(service, operation).join(' and ');
    const otherwise =
      operation === 'CreateMultipartUpload' ? ', or give --sse where the bucket demands encryption' : '';
    const where = service === 'S3' ? ' on the bucket (and on its KMS key, if it has one)' : '';
    return explained(
      'ACCESS_DENIED',
      `these credentials may not call ${services[service]}:${call}`,
      `Allow ${actions}${where} in the policy of the user or role${otherwise}, then run the same command again.${
        encoded === undefined
          ? ''
          : ` This command, by whoever may call sts:DecodeAuthorizationMessage, prints what was denied: ${decodeCommand(encoded)}`
      }`,
    );
  }
  if (quota.test(awsCode ?? '')) {
    return explained(
      'QUOTA_EXCEEDED',
      `a quota of this account is used up (${service} ${call})`,
      'Free what the quota counts, or request a higher one in Service Quotas.',
    );
  }
  return explained(
    'AWS_REFUSED',
    `${service} refused ${call}`,
    `Correct what the message of ${service} names, then run the same command again.`,
  );
}

export interface CredentialsExplanation {
  readonly code: 'CREDENTIALS_MISSING' | 'CREDENTIALS_EXPIRED' | 'CREDENTIALS_REFUSED';
  readonly message: string;
  readonly hint: string;
}

/**
 * What is wrong with the credentials, in words; undefined for any other error. For what a credential provider throws outside
 * a call: {@link explainCall} says it of every call.
 *
 * @param said what goes into the brackets of the message
 */
export function explainCredentials(
  error: unknown,
  said = formatAwsError(error).replace(/\s+/g, ' '),
): CredentialsExplanation | undefined {
  if (!isCredentialsError(error)) return undefined;
  if (/expired/i.test(said)) {
    return {
      code: 'CREDENTIALS_EXPIRED',
      message: `the AWS credentials have expired (${said})`,
      hint: 'Renew them (for SSO: `aws sso login`), then run the same command again.',
    };
  }
  return awsErrorFacts(error)?.httpStatus === undefined
    ? {
        code: 'CREDENTIALS_MISSING',
        message: `no AWS credentials (${said})`,
        hint: 'Choose a profile that has them (--profile or AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --local needs none.',
      }
    : {
        code: 'CREDENTIALS_REFUSED',
        message: `AWS rejected the credentials (${said})`,
        hint: 'Check them in the profile (--profile or AWS_PROFILE), or in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
      };
}

function unreachableHint(endpoint: string | undefined): string {
  return endpoint === undefined
    ? 'Check the network, then run the same command again.'
    : `Check that ${endpoint} is the right endpoint and is running, then run the same command again.`;
}
