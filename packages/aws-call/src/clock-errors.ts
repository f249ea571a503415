import type { FinalizeRequestMiddleware, Pluggable } from '@smithy/types';
import { awsErrorFacts, hasAwsCode, isAboutTime } from './error-facts.ts';

/**
 * On a machine whose clock is off by minutes the SDK marks every error as one that its corrected clock lets pass, and
 * repeats the call until its attempts are used up, whatever it is about. With this the mark stays on those about the time.
 */
// biome-ignore lint/suspicious/noExplicitAny: the SDK types a plugin by one client's inputs, and this one serves all clients
export const repeatClockErrorsAlone: Pluggable<any, any> = {
  applyToStack: (stack) =>
    stack.addRelativeTo(unmark, {
      name: 'repeatClockErrorsAlone',
      relation: 'before',
      // It is what sets the mark.
      toMiddleware: 'httpSigningMiddleware',
    }),
};

const unmark: FinalizeRequestMiddleware<object, object> = (next) => async (args) => {
  try {
    return await next(args);
  } catch (error) {
    const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
    if ($metadata?.clockSkewCorrected && !mayBeAboutTime(error)) delete $metadata.clockSkewCorrected;
    throw error;
  }
};

/** EC2 says of a wrong time no more than that it cannot validate the credentials; the answer to HEAD has no body at all. */
function mayBeAboutTime(error: unknown): boolean {
  const isWithoutBody = awsErrorFacts(error)?.httpStatus === 403 && !/[a-z][A-Z]/.test((error as Error).name);
  return (
    isAboutTime(error) ||
    hasAwsCode(error, 'AuthFailure', 'InvalidSignatureException', 'SignatureDoesNotMatch') ||
    isWithoutBody ||
    (error as Error).name === 'UnknownError'
  );
}
