import { type Principal, parsePolicy } from '@ec2-image/iam-policy';
import type { FindGrant } from '../iam/authorization/permissions.ts';
import { partitionOf } from '../iam/authorization/requirement.ts';
import type { Role, Roles } from '../iam/roles.ts';
import type { RoleSession, RoleSessions } from './sessions.ts';

/** What whoever calls with the credentials of a session may do: what the role may, as it is now. */
export function sessionGrants({
  roles,
  sessions,
}: {
  readonly roles: Roles;
  readonly sessions: RoleSessions;
}): FindGrant {
  return ({ accessKeyId = '', region }) => {
    const session = sessions.find(accessKeyId);
    if (!session) return undefined;
    const { accountId, roleName } = session;
    return {
      principal: sessionPrincipal(session, roles.find(accountId, roleName), partitionOf(region)),
      identity: roles.documents(accountId, roleName).map((document) => parsePolicy(document, 'identity')),
    };
  };
}

/** Who calls with the credentials of a session. */
export function sessionPrincipal(
  { accountId, roleName, sessionName }: RoleSession,
  role: Role | undefined,
  partition: string,
): Principal {
  return {
    accountId,
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    roleArn: `arn:${partition}:iam::${accountId}:role${role?.path ?? '/'}${roleName}`,
    userId: `${role?.roleId ?? ''}:${sessionName}`,
  };
}
