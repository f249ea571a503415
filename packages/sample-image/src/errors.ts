import { ExplainedError, type Explanation } from '@ec2-image/explained-error';

export type SampleImageErrorCode =
  | 'CANNOT_LISTEN'
  | 'INVALID_DISK_SIZE'
  | 'INVALID_FILE_NAME'
  | 'TOOL_FAILED'
  | 'TOOL_MISSING';

/** What this package throws, aborts aside: those come back as the signal's own reason. */
export class SampleImageError extends ExplainedError {
  override name = 'SampleImageError';
  declare readonly code: SampleImageErrorCode;

  // Narrower than the parent's: a code that is not in the list above does not compile.
  constructor(code: SampleImageErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}
