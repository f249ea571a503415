import { type PolicyDocument, parsePolicy } from '@ec2-image/iam-policy';
import type { Store } from '../../store/store.ts';
import { findBucket } from './bucket-table.ts';

/** What the bucket's own policy says; undefined where it has none. */
export function bucketPolicyOf(store: Store, name: string): PolicyDocument | undefined {
  const policy = findBucket(store, name)?.policy;
  return policy ? parsePolicy(policy, 'resource') : undefined;
}
