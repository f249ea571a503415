import type { Principals } from './document.ts';

/** Who calls: a user, the session of a role, or a service on its own behalf. */
export interface Principal {
  readonly accountId: string;
  /** `arn:aws:iam::123456789012:user/…` or `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`. */
  readonly arn: string;
  readonly userId: string;
  /** Of a session: the role's ARN. */
  readonly roleArn?: string;
  /** Of a service: `vmie.amazonaws.com`. */
  readonly service?: string;
  /** Of somebody with a token: the ARN of the provider that issued it. */
  readonly federated?: string;
}

/** How a policy names a principal: itself, or only through its account, which leaves the decision to that account's IAM. */
export type Naming = 'itself' | 'account' | 'not';

export function namedIn(
  principals: Principals,
  { accountId, arn, roleArn, service, federated }: Principal,
): Naming {
  if (principals === '*') return 'itself';
  if (service !== undefined) return principals.Service?.includes(service) ? 'itself' : 'not';
  if (federated !== undefined) return principals.Federated?.includes(federated) ? 'itself' : 'not';
  const names = principals.AWS ?? [];
  if (names.some((name) => name === '*' || name === arn || name === roleArn)) return 'itself';
  const isAccount = (name: string) =>
    name === accountId || new RegExp(`^arn:[^:]+:iam::${accountId}:root$`).test(name);
  return names.some(isAccount) ? 'account' : 'not';
}
