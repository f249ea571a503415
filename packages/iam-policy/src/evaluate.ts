import { conditionsHold } from './conditions.ts';
import type { PolicyDocument, Statement } from './document.ts';
import { matchesArn, matchesPattern } from './pattern.ts';
import { type Naming, namedIn, type Principal } from './principal.ts';
import type { RequestContext } from './request-context.ts';

/** What is asked for. */
export interface AccessRequest {
  /** `ec2:RegisterImage`. */
  readonly action: string;
  /** An ARN, or `*` where an action knows no resources. */
  readonly resource: string;
  readonly context: RequestContext;
}

export interface Policies {
  /** Undefined: an administrator's, whom identity policies refuse nothing. */
  readonly identity: readonly PolicyDocument[] | undefined;
  /** Of a session: what its policy leaves of the role's. */
  readonly session?: readonly PolicyDocument[];
  /** The resource's own. */
  readonly resource?: PolicyDocument;
  /** Of a KMS key: nobody is let in but by its own policy, be it through the account. */
  readonly resourceMustAllow?: boolean;
  /** Whose the resource is; the principal's own account where it is not given. */
  readonly resourceAccountId?: string;
}

export type DeniedBy = 'identity-based' | 'session' | 'resource-based';

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly explicit: boolean; readonly by: DeniedBy; readonly sid?: string };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
export function evaluate(request: AccessRequest, principal: Principal, policies: Policies): Decision {
  const { identity, session, resource, resourceMustAllow = false } = policies;
  const kinds: readonly (readonly [DeniedBy, readonly PolicyDocument[]])[] = [
    ['resource-based', resource ? [resource] : []],
    ['identity-based', identity ?? []],
    ['session', session ?? []],
  ];
  for (const [by, documents] of kinds) {
    const denial = matching(documents, 'Deny', request, principal)[0];
    if (denial) {
      const { sid } = denial.statement;
      return { allowed: false, explicit: true, by, ...(sid !== undefined && { sid }) };
    }
  }
  const identityAllows = identity === undefined || matching(identity, 'Allow', request, principal).length > 0;
  const naming = resource ? resourceNaming(resource, request, principal) : 'not';
  const isOwn = (policies.resourceAccountId ?? principal.accountId) === principal.accountId;
  const resourceAllows = naming === 'itself' || (naming === 'account' && identityAllows);
  const allowed = resourceMustAllow
    ? resourceAllows && (isOwn || identityAllows)
    : isOwn
      ? identityAllows || naming === 'itself'
      : identityAllows && resourceAllows;
  if (!allowed) {
    const byResource = identityAllows || (resourceMustAllow && naming === 'not');
    return { allowed: false, explicit: false, by: byResource ? 'resource-based' : 'identity-based' };
  }
  if (session && matching(session, 'Allow', request, principal).length === 0) {
    return { allowed: false, explicit: false, by: 'session' };
  }
  return { allowed: true };
}

function resourceNaming(document: PolicyDocument, request: AccessRequest, principal: Principal): Naming {
  const namings = matching([document], 'Allow', request, principal).map(({ naming }) => naming);
  return namings.includes('itself') ? 'itself' : namings.includes('account') ? 'account' : 'not';
}

function matching(
  documents: readonly PolicyDocument[],
  effect: Statement['effect'],
  request: AccessRequest,
  principal: Principal,
): { readonly statement: Statement; readonly naming: Naming }[] {
  return documents
    .flatMap(({ statements }) => statements)
    .filter((statement) => statement.effect === effect)
    .filter(
      (statement) =>
        concerns(statement, request, principal) && conditionsHold(statement.conditions, request.context),
    )
    .map((statement) => ({ statement, naming: namingOf(statement, principal) }));
}

/** Whether it is about this principal, action and resource, whatever its conditions say. */
function concerns(
  statement: Statement,
  { action, resource, context }: AccessRequest,
  principal: Principal,
): boolean {
  return (
    namingOf(statement, principal) !== 'not' &&
    coversAction(statement, action) &&
    coversResource(statement, resource, context)
  );
}

/** Whoever has a policy is meant by it, where it names nobody. */
function namingOf({ principal: named, notPrincipal }: Statement, principal: Principal): Naming {
  if (named) return namedIn(named, principal);
  if (notPrincipal) return namedIn(notPrincipal, principal) === 'not' ? 'itself' : 'not';
  return 'itself';
}

function coversAction({ action, notAction }: Statement, asked: string): boolean {
  const isAmong = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesPattern(pattern.toLowerCase(), asked.toLowerCase()));
  return action ? isAmong(action) : !isAmong(notAction ?? []);
}

function coversResource(
  { resource, notResource }: Statement,
  asked: string,
  context: RequestContext,
): boolean {
  const isAmong = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesArn(pattern, asked, context));
  // A role's trust names no resource: it is the role.
  if (!resource && !notResource) return true;
  return resource ? isAmong(resource) : !isAmong(notResource ?? []);
}

/**
 * The condition keys that decide and that are not known: of the statements that name principal, action and resource. What
 * is known to be absent is `known` too.
 */
export function undecidedKeys(
  request: AccessRequest,
  principal: Principal,
  {
    policies: { identity = [], session = [], resource },
    known = [],
  }: { readonly policies: Policies; readonly known?: readonly string[] },
): string[] {
  const absent = new Set(known.map((key) => key.toLowerCase()));
  const keys = [...identity, ...session, ...(resource ? [resource] : [])]
    .flatMap(({ statements }) => statements)
    .filter((statement) => concerns(statement, request, principal))
    .flatMap(({ conditions }) => conditions.map(({ key }) => key));
  return [...new Set(keys)].filter((key) => !request.context.has(key) && !absent.has(key));
}
