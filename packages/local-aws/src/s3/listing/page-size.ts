import { invalidArgument } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';

const most = 1000;

/**
 * Of `max-keys` and its kind: a thousand unless fewer are asked for, and perhaps less: "the response might contain fewer
 * keys but will never contain more" (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
 */
export function pageSize({ query, request: { conditions } }: S3Call, name: string): number {
  const asked = askedSize(query, name);
  return asked === 0 ? 0 : conditions.pageSize(asked, 1);
}

/** What the answer says was asked for. */
export function askedSize(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  return Math.min(Number(text), most);
}
