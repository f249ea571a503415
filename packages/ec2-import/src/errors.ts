import {
  awsErrorFacts,
  formatAwsError,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from '@ec2-image/aws-error';
import { ExplainedError } from '@ec2-image/explained-error';

export class Ec2ImportError extends ExplainedError {
  override name = 'Ec2ImportError';
}

/**
 * What EC2 answered to one call, or that it did not, as an error with a hint. Anything that neither EC2 nor
 * the SDK said (a bug, an abort) comes back as it is.
 *
 * Codes: `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `ACCESS_DENIED`, `THROTTLED`, `EC2_UNREACHABLE`
 * (whether the call was carried out is not known) and `EC2_REFUSED`; fields `operation` and `awsCode`.
 */
export function explainCall({ error, operation }: { error: unknown; operation: string }): unknown {
  if (isCredentialsError(error)) return credentialsError({ error, operation });
  const answer = awsErrorFacts(error);
  // An answer of 2xx that could not be read says nothing about what was done, as a broken connection does not.
  const unreadable = answer?.httpStatus !== undefined && answer.httpStatus < 300;
  const facts = { operation, awsCode: answer?.awsCode, requestId: answer?.requestId };
  const said = `${operation}: ${formatAwsError(error).replace(/\s+/g, ' ')}`;
  if (isThrottling(error)) {
    return new Ec2ImportError('THROTTLED', `EC2 is throttling this account: ${said}`, {
      hint: 'Wait a few minutes and run the same command again; it goes on where it stopped.',
      cause: error,
      facts,
    });
  }
  if (isAmbiguous(error) || unreadable) {
    return new Ec2ImportError('EC2_UNREACHABLE', `no clear answer from EC2: ${said}`, {
      hint: 'Check the network, then run the same command again; it looks up what was done and goes on from there.',
      cause: error,
      facts,
    });
  }
  if (!answer) return error;
  if (isAccessDenied(error)) {
    return new Ec2ImportError('ACCESS_DENIED', `these credentials may not call ec2:${said}`, {
      hint: `Allow ec2:${operation} in the policy of the user or role, then run the same command again.`,
      cause: error,
      facts,
    });
  }
  return new Ec2ImportError('EC2_REFUSED', `EC2 refused ${said}`, {
    hint: "See EC2's message; correct what it names, then run the same command again.",
    cause: error,
    facts,
  });
}

function credentialsError({ error, operation }: { error: unknown; operation: string }): Ec2ImportError {
  const facts = { operation, awsCode: awsErrorFacts(error)?.awsCode };
  const said = `${operation}: ${formatAwsError(error)}`;
  return /expired/i.test(said)
    ? new Ec2ImportError('CREDENTIALS_EXPIRED', `the AWS credentials have expired: ${said}`, {
        hint: 'Renew them (for example `aws sso login`) and run the same command again; it goes on where it stopped.',
        cause: error,
        facts,
      })
    : new Ec2ImportError('CREDENTIALS_REFUSED', `the AWS credentials are missing or not accepted: ${said}`, {
        hint: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to credentials of the account.',
        cause: error,
        facts,
      });
}

export function isCode(error: unknown, ...codes: readonly string[]): error is Ec2ImportError {
  return error instanceof Ec2ImportError && codes.includes(error.code);
}

/** The call itself failed; what it asked about is not known to have. */
export function isCallError(error: unknown): boolean {
  return error instanceof Ec2ImportError && error.facts.operation !== undefined;
}

/** The call may work in a moment as it is. */
export function isPassing(error: unknown): boolean {
  return isCode(error, 'THROTTLED', 'EC2_UNREACHABLE');
}

/** EC2's own code of a call that it refused. */
export function refusedCode(error: unknown): string | undefined {
  return isCode(error, 'EC2_REFUSED') ? (error.facts.awsCode as string) : undefined;
}
