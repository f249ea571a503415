import type { PolicyDocument } from './document.ts';
import { evaluate } from './evaluate.ts';
import { requestContext } from './request-context.ts';

/**
 * Whether a role's trust lets a service assume it, on behalf of an account. What a service says of itself is what the
 * pages on the confused deputy name: https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html
 */
export function trustsService(
  trust: PolicyDocument,
  {
    service,
    externalId,
    accountId,
    sourceArn,
  }: {
    readonly service: string;
    readonly externalId: string;
    readonly accountId: string;
    readonly sourceArn: string;
  },
): boolean {
  const context = requestContext({
    'sts:ExternalId': externalId,
    'aws:SourceAccount': accountId,
    'aws:SourceArn': sourceArn,
  });
  return evaluate(
    { action: 'sts:AssumeRole', resource: '*', context },
    { service, accountId, arn: service, userId: service },
    { identity: undefined, resource: trust, resourceMustAllow: true },
  ).allowed;
}
