import type { PermissionsBook } from '../iam/authorization/permissions.ts';
import type { Roles } from '../iam/roles.ts';
import type { ServiceRequest } from '../service.ts';
import type { RoleSessions } from './sessions.ts';

/** What every operation of STS sees. */
export interface StsContext {
  readonly request: ServiceRequest;
  readonly permissions: PermissionsBook;
  readonly roles: Roles;
  readonly sessions: RoleSessions;
  readonly now: () => number;
}
