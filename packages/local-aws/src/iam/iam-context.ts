import { type PolicyKind, parsePolicy } from '@ec2-image/iam-policy';
import type { CallConditions } from '../conditions/conditions.ts';
import { ServiceError } from '../service.ts';
import type { FindUser } from './authorization/permissions.ts';
import type { Role, Roles } from './roles.ts';

export interface IamContext {
  readonly accountId: string;
  /** `aws`, `aws-cn`, … */
  readonly partition: string;
  readonly roles: Roles;
  /** A user that the emulator was given credentials of: their policies; undefined, they may do everything. */
  readonly users: FindUser;
  readonly conditions: CallConditions;
}

export function roleOf(name: string, { roles, accountId }: IamContext): Role {
  const role = roles.find(accountId, name);
  if (!role) throw new ServiceError(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
  return role;
}

/** Documents go out percent-encoded (RFC 3986). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function checkDocument(document: string, kind: PolicyKind): void {
  try {
    parsePolicy(document, kind);
  } catch (error) {
    throw new ServiceError(400, 'MalformedPolicyDocument', (error as Error).message);
  }
}

/** White space does not count. */
export function checkSize(documents: readonly string[], most: number, message: string): void {
  const size = documents.reduce((sum, document) => sum + document.replace(/\s/g, '').length, 0);
  if (size > most) throw new ServiceError(409, 'LimitExceeded', message);
}

export function invalidInput(message: string): ServiceError {
  return new ServiceError(400, 'InvalidInput', message);
}
