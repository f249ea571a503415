import { denial } from '../../iam/authorization/denial.ts';
import { partitionOf } from '../../iam/authorization/requirement.ts';
import { objectRequirement } from '../../iam/authorization/requirements/s3.ts';
import { bucketPolicyOf } from '../buckets/bucket-policy.ts';
import type { S3Call } from '../s3-call.ts';

/**
 * For a key that only the body of the request names.
 *
 * @param action such as `DeleteObject`
 * @throws ServiceError `AccessDenied`
 */
export function authorizeKey(call: S3Call, key: string, action: string): void {
  const { operation, parameters, request, permissions, store, bucketName: bucket } = call;
  const { headers, accountId, region } = request;
  const asked = {
    ...{ operation, parameters, headers, accountId },
    partition: partitionOf(region),
    bucketPolicy: (name: string) => bucketPolicyOf(store, name),
    uploadHeaders: () => ({}),
  };
  const requirement = objectRequirement(asked, { bucket, key }, action);
  const decision = permissions.decide(requirement);
  if (!decision.allowed) throw denial('s3', requirement, decision, permissions);
}
