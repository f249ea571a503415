import { s3Error } from '../errors.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const mostBytes = 1024;

export function refuseLongKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size > mostBytes) {
    throw s3Error('KeyTooLongError', { details: { Size: size, MaxSizeAllowed: mostBytes } });
  }
}
