/** What an unsuccessful CompleteMultipartUpload means for what is to be done next. */
export type CompletionFailure =
  /** An object stands under the key: it may be another run's, or our own from a call whose answer was lost. */
  | 'taken'
  /** Another write to the key was under way: S3 wants the upload restarted. */
  | 'conflict'
  /** The upload no longer exists: completed, by a call whose answer was lost, or aborted. */
  | 'gone'
  /** Some part is not what it was when it was put. */
  | 'parts-differ'
  /** Whether it was done is not known. */
  | 'unclear'
  /** The service has no conditional completion. */
  | 'unconditional'
  | 'refused';

const byCode: Readonly<Record<string, CompletionFailure>> = {
  PreconditionFailed: 'taken',
  ConditionalRequestConflict: 'conflict',
  OperationAborted: 'conflict',
  NoSuchUpload: 'gone',
  InvalidPart: 'parts-differ',
  InvalidPartOrder: 'parts-differ',
  EntityTooSmall: 'parts-differ',
  BadDigest: 'parts-differ',
  // Among other things, that the parts have not together the size that was announced.
  InvalidRequest: 'parts-differ',
  NotImplemented: 'unconditional',
};

/** S3 can answer an error inside a 200, which the SDK shows as 503: the code counts before the status. */
export function judgeCompletion({
  awsCode,
  httpStatus,
  unclear,
}: {
  readonly awsCode: string | undefined;
  readonly httpStatus: number | undefined;
  readonly unclear: boolean;
}): CompletionFailure {
  const known = awsCode === undefined ? undefined : byCode[awsCode];
  if (known) return known;
  if (httpStatus === 412) return 'taken';
  if (httpStatus === 409) return 'conflict';
  return unclear ? 'unclear' : 'refused';
}
