import { ExplainedError } from '@ec2-image/explained-error';

export class S3UploadError extends ExplainedError {
  override name = 'S3UploadError';
}

/** What the endpoint answered is not what S3 answers. */
export function notS3(what: string): S3UploadError {
  return new S3UploadError('NOT_S3', what, { hint: 'Check that the endpoint is an S3 service.' });
}
