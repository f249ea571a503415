import { ExplainedError, type Explanation } from '@ec2-image/explained-error';

/** What the content of an image can be refused for. */
export type ImageHeaderCode =
  | 'BACKING_FILE'
  | 'COMPRESSED_IMAGE'
  | 'CORRUPT_IMAGE'
  | 'DIFFERENCING_DISK'
  | 'DIRTY_IMAGE'
  | 'DISK_TOO_LARGE'
  | 'ENCRYPTED_IMAGE'
  | 'EXTERNAL_DATA_FILE'
  | 'HTML_PAGE'
  | 'TEXT_FILE'
  | 'TRUNCATED_IMAGE'
  | 'UNKNOWN_FORMAT'
  | 'UNSUPPORTED_FORMAT'
  | 'UNSUPPORTED_IMAGE'
  | 'VMDK_NOT_SELF_CONTAINED';

/** A refusal of what the image's own bytes say; its `code` is one of {@link ImageHeaderCode}. */
export class ImageHeaderError extends ExplainedError {
  override name = 'ImageHeaderError';
  declare readonly code: ImageHeaderCode;

  constructor(code: ImageHeaderCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}

const fetchAgain = 'Download the image again and compare its checksum with the published one.';

export function truncated(message: string, facts: Readonly<Record<string, unknown>> = {}): ImageHeaderError {
  return new ImageHeaderError('TRUNCATED_IMAGE', message, { hint: fetchAgain, facts });
}

export function corrupt(message: string, facts: Readonly<Record<string, unknown>> = {}): ImageHeaderError {
  return new ImageHeaderError('CORRUPT_IMAGE', message, { hint: fetchAgain, facts });
}

export function unsupported(
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): ImageHeaderError {
  return new ImageHeaderError('UNSUPPORTED_IMAGE', message, {
    hint: 'Convert the image to a plain qcow2 with the tool that made it, and import that.',
    facts,
  });
}
