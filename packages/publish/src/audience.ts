import type { LaunchPermission } from '@aws-sdk/client-ec2';

/** Who may launch an AMI besides its owner. */
export interface Audience {
  /** Ids of 12 digits. */
  readonly accounts: readonly string[];
  /** ARNs. */
  readonly organizations: readonly string[];
  /** ARNs. */
  readonly organizationalUnits: readonly string[];
  /** Everybody. */
  readonly public: boolean;
}

export const everybody = 'all';

/** One whom a permission names: an account's id, an ARN, or `all`. */
export type Grantee = string;

/** Whose permissions differ: snapshots take neither organizations nor units, which need none on them. */
export type Shared = 'snapshot' | 'ami';

/** @param account the owner, to whom nothing need be granted */
export function granteesOf(audience: Audience, of: Shared, account: string | undefined): Grantee[] {
  const { accounts, organizations, organizationalUnits } = audience;
  const all = [
    ...accounts.filter((id) => id !== account),
    ...(of === 'ami' ? [...organizations, ...organizationalUnits] : []),
    ...(audience.public ? [everybody] : []),
  ];
  return [...new Set(all)].sort();
}

export function launchPermission(grantee: Grantee): LaunchPermission {
  if (grantee === everybody) return { Group: everybody };
  if (/^\d+$/.test(grantee)) return { UserId: grantee };
  return /:ou\//.test(grantee) ? { OrganizationalUnitArn: grantee } : { OrganizationArn: grantee };
}

/** Of a permission on an AMI or a snapshot; none where it names nobody that is known here. */
export function granteeOf(permission: LaunchPermission): Grantee[] {
  const { Group, UserId, OrganizationArn, OrganizationalUnitArn } = permission;
  return [Group ?? UserId ?? OrganizationArn ?? OrganizationalUnitArn].filter((who) => who !== undefined);
}

/** For people: `everybody`, `account 123456789012`, `organization o-…`. */
export function describeGrantees(grantees: readonly Grantee[]): string {
  return grantees
    .map((grantee) => {
      if (grantee === everybody) return 'everybody';
      if (/^\d+$/.test(grantee)) return grantee;
      return grantee.slice(grantee.lastIndexOf('/') + 1);
    })
    .join(', ');
}
