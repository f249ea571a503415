import { type ErrorCode, ExplainedError, type Explanation } from '@ec2-image/explained-error';

export type LocalAwsErrorCode = Extract<
  ErrorCode,
  | 'ADDRESS_UNAVAILABLE'
  | 'BUCKET_NAME_INVALID'
  | 'COMMAND_LINE_INVALID'
  | 'FAULT_INVALID'
  | 'POLICY_INVALID'
  | 'SNAPSHOT_UNREADABLE'
  | 'STATE_UNUSABLE'
>;

/** Thrown to those who start the emulator or set its faults; clients over HTTP get AWS's own errors. */
export class LocalAwsError extends ExplainedError {
  override name = 'LocalAwsError';
  declare readonly code: LocalAwsErrorCode;

  // Narrower than the parent's: a code that is not in the list above does not compile.
  constructor(code: LocalAwsErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}
