import type { CallConditions } from '../conditions/conditions.ts';
import { isAssumable, type Role, type RolePolicy, type Roles } from './roles.ts';

interface RoleState {
  readonly role: Role | undefined;
  readonly policies: RolePolicy[];
}

/**
 * Roles as one call sees them: IAM's changes "are not always immediately visible"
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency), so
 * that a role just made may not be found, nor be assumed by an import. Whether a name is free goes by the truth.
 */
export function rolesAsSeenBy(
  roles: Roles,
  {
    accountId,
    conditions: { lag },
  }: { readonly accountId: string; readonly conditions: Pick<CallConditions, 'lag'> },
): Roles {
  if (!lag) return roles;
  const { writes, reads } = lag;
  const place = `role ${accountId}`;
  // To itself a call is consistent, and it sees one state of a role throughout.
  const seen = new Map<string, RoleState | undefined>();

  function note(name: string): void {
    const before: RoleState = {
      role: roles.find(accountId, name),
      policies: roles.policies(accountId, name),
    };
    writes.note(place, name, { before, reads });
    seen.set(name, undefined);
  }

  function stateOf(name: string): RoleState | undefined {
    if (seen.has(name)) return seen.get(name);
    const state = writes.states(place).get(name) as RoleState | undefined;
    if (state) writes.spend(place, name);
    seen.set(name, state);
    return state;
  }

  return {
    ...roles,
    find: (account, name) => {
      const state = stateOf(name);
      return state ? state.role : roles.find(account, name);
    },
    policies: (account, name) => stateOf(name)?.policies ?? roles.policies(account, name),
    isAssumableForImport: (account, name) => {
      const state = stateOf(name);
      return state ? isAssumable(state.role, account) : roles.isAssumableForImport(account, name);
    },
    create(account, role) {
      note(role.name);
      return roles.create(account, role);
    },
    setTrustPolicy(account, name, document) {
      note(name);
      roles.setTrustPolicy(account, name, document);
    },
    remove(account, name) {
      note(name);
      roles.remove(account, name);
    },
    putPolicy(account, name, policy) {
      note(name);
      roles.putPolicy(account, name, policy);
    },
    removePolicy(account, name, policyName) {
      note(name);
      return roles.removePolicy(account, name, policyName);
    },
  };
}
