import { ec2Error, invalidParameterValue } from '../errors.ts';
import type { LaunchPermission } from './image.ts';

export interface PermissionChange {
  readonly add: readonly LaunchPermission[];
  readonly remove: readonly LaunchPermission[];
}

/** Permissions come as a structure, or as an attribute, an operation and lists of who. */
export function permissionChange(input: {
  LaunchPermission?: {
    readonly Add: readonly PermissionInput[];
    readonly Remove: readonly PermissionInput[];
  };
  OperationType?: 'add' | 'remove';
  UserId: readonly string[];
  UserGroup: readonly string[];
  OrganizationArn: readonly string[];
  OrganizationalUnitArn: readonly string[];
}): PermissionChange | undefined {
  const listed: LaunchPermission[] = [
    ...input.UserId.map((userId) => ({ userId })),
    ...input.UserGroup.map((group) => ({ group })),
    ...input.OrganizationArn.map((organizationArn) => ({ organizationArn })),
    ...input.OrganizationalUnitArn.map((organizationalUnitArn) => ({ organizationalUnitArn })),
  ];
  if (!input.LaunchPermission && listed.length === 0) return undefined;
  const { Add = [], Remove = [] } = input.LaunchPermission ?? {};
  const change = {
    add: [...Add.map(permissionOf), ...(input.OperationType === 'add' ? listed : [])],
    remove: [...Remove.map(permissionOf), ...(input.OperationType === 'remove' ? listed : [])],
  };
  for (const { userId, group } of [...change.add, ...change.remove]) {
    if (userId !== undefined && !/^\d{12}$/.test(userId)) {
      throw ec2Error(
        'InvalidAMIAttributeItemValue',
        `Invalid attribute item value "${userId}" for userId item type.`,
      );
    }
    if (group !== undefined && group !== 'all') {
      throw invalidParameterValue(`Invalid value '${group}' for group. Expected all`);
    }
  }
  return change;
}

interface PermissionInput {
  readonly UserId?: string;
  readonly Group?: string;
  readonly OrganizationArn?: string;
  readonly OrganizationalUnitArn?: string;
}

function permissionOf({
  UserId,
  Group,
  OrganizationArn,
  OrganizationalUnitArn,
}: PermissionInput): LaunchPermission {
  return {
    userId: UserId,
    group: Group,
    organizationArn: OrganizationArn,
    organizationalUnitArn: OrganizationalUnitArn,
  };
}

export function changed(
  present: readonly LaunchPermission[],
  { add, remove }: PermissionChange,
): LaunchPermission[] {
  const key = (permission: LaunchPermission) =>
    permission.userId ??
    permission.group ??
    permission.organizationArn ??
    permission.organizationalUnitArn ??
    '';
  const all = new Map([...present, ...add].map((permission) => [key(permission), permission]));
  for (const permission of remove) all.delete(key(permission));
  return [...all.values()];
}
