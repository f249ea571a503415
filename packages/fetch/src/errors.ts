import { ExplainedError, type Explanation } from '@ec2-image/explained-error';

export type FetchErrorCode =
  | 'BAD_PROXY'
  | 'BAD_URL'
  | 'BODY_TOO_LONG'
  | 'BODY_TRUNCATED'
  | 'CHECKSUM_CONFLICT'
  | 'CHECKSUM_ENTRY_MISSING'
  | 'CHECKSUM_FILE_MISSING'
  | 'CHECKSUM_IS_HTML'
  | 'CHECKSUM_SIGNATURE_MALFORMED'
  | 'CHECKSUM_TOO_LARGE'
  | 'CHECKSUM_UNREADABLE'
  | 'CONNECTION_FAILED'
  | 'DIGEST_MISMATCH'
  | 'DOWNLOAD_STALLED'
  | 'EVERY_URL_FAILED'
  | 'FILE_CHANGED'
  | 'HOST_NOT_FOUND'
  | 'HTTP_FORBIDDEN'
  | 'HTTP_NOT_FOUND'
  | 'HTTP_STATUS'
  | 'IMAGE_CHANGED'
  | 'IMAGE_TOO_LARGE'
  | 'INDEX_TOO_LARGE'
  | 'INDEX_UNREADABLE'
  | 'INSECURE_CHECKSUM'
  | 'INSECURE_INDEX'
  | 'KEYRING_EMPTY'
  | 'KEYRING_UNREADABLE'
  | 'LATEST_AMBIGUOUS'
  | 'LOCAL_FILE_UNREADABLE'
  | 'NO_SUCH_RELEASE'
  | 'PROXY_REFUSED'
  | 'PROXY_UNREACHABLE'
  | 'RANGE_UNUSABLE'
  | 'REDIRECT_REFUSED'
  | 'SIGNATURE_BAD'
  | 'SIGNATURE_EXPIRED'
  | 'SIGNATURE_KEY_EXPIRED'
  | 'SIGNATURE_KEY_REVOKED'
  | 'SIGNATURE_KEY_UNKNOWN'
  | 'SIGNATURE_KEY_UNUSABLE'
  | 'SIGNATURE_MISSING'
  | 'SIGNATURE_OF_ANOTHER_FILE'
  | 'SIGNATURE_UNREADABLE'
  | 'SIGNATURE_WEAK'
  | 'TLS_BROKEN'
  | 'TLS_UNTRUSTED'
  | 'TOO_MANY_OPEN_FILES'
  | 'WORK_DIRECTORY_FULL'
  | 'WORK_DIRECTORY_READ_ONLY'
  | 'WORK_DIRECTORY_UNUSABLE';

/** What this package throws; aborts reject with the signal's own reason instead. */
export class FetchError extends ExplainedError {
  override name = 'FetchError';
  declare readonly code: FetchErrorCode;

  // Narrower than the parent's: a code that is not in the list above does not compile.
  constructor(code: FetchErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}
