import type { Decision } from '@ec2-image/iam-policy';
import { ServiceError, type ServiceName } from '../../service.ts';
import { encodeMessage } from './encoded-message.ts';
import type { Permissions } from './permissions.ts';
import type { Requirement } from './requirement.ts';

type Denied = Decision & { readonly allowed: false };

/** In the words of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
export function denialText(
  { action, resource }: Requirement,
  decision: Denied,
  { principal }: Permissions,
): string {
  const { explicit, by } = decision;
  const policy = `${by} policy`;
  const why = explicit
    ? `with an explicit deny in ${by === 'identity-based' ? 'an' : 'a'} ${policy}`
    : `because no ${policy} allows the ${action} action`;
  return `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}

/** Each service refuses in a code of its own. */
export function denial(
  service: ServiceName,
  requirement: Requirement,
  decision: Denied,
  permissions: Permissions,
): ServiceError {
  const text = denialText(requirement, decision, permissions);
  switch (service) {
    case 'ec2':
      return new ServiceError(
        403,
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. ${text}. Encoded authorization failure message: ${encodeMessage(requirement, decision, permissions)}`,
      );
    case 's3':
      return new ServiceError(403, 'AccessDenied', text.replace(/on resource: (\S+)/, 'on resource: "$1"'));
    case 'ebs':
      return new ServiceError(403, 'AccessDeniedException', text);
    case 'ssm':
    case 'kms':
      return new ServiceError(400, 'AccessDeniedException', text);
    default:
      return new ServiceError(403, 'AccessDenied', text);
  }
}
