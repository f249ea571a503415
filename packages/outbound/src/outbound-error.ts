import { ExplainedError, type Explanation } from '@ec2-image/explained-error';

export type OutboundErrorCode =
  /** A variable that names no proxy. */
  | 'BAD_PROXY'
  /** A file of certificates that cannot be read, or holds none. */
  | 'CA_BUNDLE_UNUSABLE'
  /** The proxy answered that it does not let the connection through. */
  | 'PROXY_REFUSED'
  /** No answer from the proxy, or none from what is behind it. */
  | 'PROXY_UNREACHABLE'
  /** Nobody that is trusted vouches for the certificate that was shown. */
  | 'TLS_UNTRUSTED';

/** A connection that never reached the server that it was for. */
export class OutboundError extends ExplainedError {
  override name = 'OutboundError';
  declare readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}

/** Of this package, whatever wrapped it. */
export function outboundErrorIn(error: unknown): OutboundError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundError) return cause;
  }
  return undefined;
}
