import { s3Error } from '../errors.ts';

const shape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function isValidBucketName(name: string): boolean {
  return (
    shape.test(name) &&
    !name.includes('..') &&
    !ipAddress.test(name) &&
    !name.startsWith('xn--') &&
    !name.endsWith('-s3alias')
  );
}

export function refuseInvalidBucketName(name: string): void {
  if (!isValidBucketName(name)) throw s3Error('InvalidBucketName', { details: { BucketName: name } });
}
