import { text } from 'node:stream/consumers';
import { MalformedPolicy, parsePolicy } from '@ec2-image/iam-policy';
import { setSetting } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import type { Operation } from '../s3-call.ts';

const mostBytes = 20 * 1024;

export const getBucketPolicy: Operation = (call) => {
  const { name, policy } = openBucket(call);
  if (policy === null) throw s3Error('NoSuchBucketPolicy', { details: { BucketName: name } });
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policy };
};

export const putBucketPolicy: Operation = async (call) => {
  const { name } = openBucket(call);
  const policy = await text(call.request.body);
  if (Buffer.byteLength(policy) > mostBytes) throw s3Error('PolicyTooLarge');
  checkPolicy(policy, name);
  setSetting(call.store, name, { policy });
  return { status: 204 };
};

export const deleteBucketPolicy: Operation = (call) => {
  const { name } = openBucket(call);
  setSetting(call.store, name, { policy: null });
  return { status: 204 };
};

/** A bucket's policy is about nothing but the bucket and what is in it. */
function checkPolicy(policy: string, bucket: string): void {
  try {
    const { statements } = parsePolicy(policy, 'resource');
    const own = new RegExp(`^(?:\\*|arn:[^:]+:s3:::(?:${bucket.replaceAll('.', '\\.')}(?:/.*)?))$`);
    for (const { resource = [] } of statements) {
      if (!resource.every((one) => own.test(one))) throw new MalformedPolicy('Policy has invalid resource');
    }
  } catch (error) {
    throw s3Error('MalformedPolicy', { message: (error as Error).message });
  }
}
