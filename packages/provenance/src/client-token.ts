import { createHash } from 'node:crypto';
import type { Digest } from './digest.ts';

export interface ClientTokenParts {
  readonly account: string;
  readonly region: string;
  /** Empty where no S3 is involved. */
  readonly bucket: string;
  readonly key: string;
  readonly digest: Digest;
  readonly format: string;
  /** Whatever else the call sends: another value must make another token. */
  readonly options: Readonly<Record<string, string | number | boolean | undefined>>;
  /** One more than the ended attempts that are seen, from 1. */
  readonly attempt: number;
}

/**
 * Of an instance that tests whether an AMI boots: see `isTestInstance`.
 *
 * @param parts.attempt as it stands in the instance's tags: ISO 8601
 */
export function bootTestToken({
  imageId,
  attempt,
}: {
  readonly imageId: string;
  readonly attempt: string;
}): string {
  return createHash('sha256')
    .update(JSON.stringify(['boot-test', imageId, attempt]))
    .digest('hex');
}

/**
 * Of the copy of an AMI to another region: everything that CopyImage is sent beside it, and the copy that it comes after.
 *
 * @param parts.after one that has failed, or is gone; undefined of the first
 */
export function copyToken({
  region,
  request,
  after = '',
}: {
  readonly region: string;
  readonly request: object;
  readonly after: string | undefined;
}): string {
  return createHash('sha256')
    .update(JSON.stringify(['copy', region, request, after]))
    .digest('hex');
}

/** The same work gives the same token on every machine: 64 hex characters, EC2's limit. */
export function clientToken({ options, ...parts }: ClientTokenParts): string {
  const { account, region, bucket, key, digest, format, attempt } = parts;
  const sorted = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([account, region, bucket, key, digest, format, sorted, attempt]))
    .digest('hex');
}
