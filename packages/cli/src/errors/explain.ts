import {
  awsErrorFacts,
  formatAwsError,
  isAccessDenied,
  isCredentialsError,
  isThrottling,
} from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { redactText } from '@ec2-image/redact';

/** An error as it is shown and as it stands in `--json`. */
export interface Explained {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Every error becomes an explained one: what no package foresaw is named after the system that raised it. */
export function explain(error: unknown): Explained {
  const { code, message, hint } = isExplained(error) ? error : explainForeign(error);
  return { code, message: redactText(message), hint };
}

/** The error itself, or what caused it, is about the credentials: such a failure ends a whole run the same way for every image. */
export function isAboutCredentials(error: unknown): boolean {
  return (
    isCredentialsError(error) ||
    (error instanceof Error && error.cause !== undefined && isAboutCredentials(error.cause))
  );
}

function explainForeign(error: unknown): Explained {
  if (isCredentialsError(error)) return explainCredentials(error);
  if (isAccessDenied(error)) {
    return {
      code: 'ACCESS_DENIED',
      message: `AWS denied the call: ${formatAwsError(error)}`,
      hint: 'Give the role or user the actions that the README lists, or use another --profile.',
    };
  }
  if (isThrottling(error)) {
    return {
      code: 'THROTTLED',
      message: `AWS kept throttling: ${formatAwsError(error)}`,
      hint: 'Run the same command again later, or raise --max-attempts.',
    };
  }
  if (awsErrorFacts(error)?.httpStatus !== undefined) {
    return {
      code: 'AWS_ERROR',
      message: `AWS answered ${formatAwsError(error)}`,
      hint: 'Run the same command again: it goes on where this run stopped. With --verbose it shows every call.',
    };
  }
  return explainSystem(error);
}

function explainCredentials(error: unknown): Explained {
  const said = formatAwsError(error);
  if (awsErrorFacts(error)?.httpStatus === undefined) {
    return {
      code: 'CREDENTIALS_MISSING',
      message: `no AWS credentials: ${said}`,
      hint: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or try --local, which needs none.',
    };
  }
  return /expired/i.test(said)
    ? {
        code: 'CREDENTIALS_EXPIRED',
        message: `the AWS credentials have expired: ${said}`,
        hint: 'Renew them (for SSO: aws sso login) and run the same command again: it goes on where this run stopped.',
      }
    : {
        code: 'CREDENTIALS_REFUSED',
        message: `AWS refused the credentials: ${said}`,
        hint: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to credentials that are valid.',
      };
}

function explainSystem(error: unknown): Explained {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const code = (error as { code?: unknown } | undefined)?.code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'WORK_DIRECTORY_FULL',
        message,
        hint: 'Free some space, or name another place with --work-dir.',
      };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { code: 'NOT_PERMITTED', message, hint: 'Choose a --work-dir that this user can write to.' };
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        code: 'NETWORK_ERROR',
        message: `the connection failed: ${message || code}`,
        hint: 'Check the network and --endpoint-url, then run the same command again: it goes on where this run stopped.',
      };
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'RequestTimeout')) {
    return {
      code: 'TIMED_OUT',
      message,
      hint: 'Run the same command again: it goes on where this run stopped. On a slow line raise --request-timeout.',
    };
  }
  return {
    code: 'INTERNAL',
    message,
    hint: 'This is a fault of ec2-image: please report it with the output of the same command and --verbose.',
  };
}
