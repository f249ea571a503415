import { isAwsCallError } from '@ec2-image/aws-call';
import type { ExplainedError } from '@ec2-image/explained-error';
import { explain } from '../errors/explain.ts';
import type { Fix } from './fix.ts';

export type CheckState = 'ok' | 'warning' | 'failed' | 'skipped';

/** `unproven`: nothing that can be asked without changing the account says so. */
export type PermissionState = 'proven' | 'denied' | 'unproven';

export interface PermissionReport {
  /** `ec2:RegisterImage`. */
  readonly action: string;
  /** An ARN, or `*`. */
  readonly resource: string;
  readonly state: PermissionState;
  /** A call of the action, a call with DryRun, IAM's simulation of the caller, or policies that were read. */
  readonly by?: 'call' | 'dry-run' | 'simulation' | 'policies';
  readonly detail?: string;
}

export interface CheckReport {
  readonly check: string;
  readonly state: CheckState;
  /** What was found. */
  readonly detail: string;
  /** What to do; only where something is to be done. */
  readonly hint?: string;
  readonly permissions?: readonly PermissionReport[];
  /** What would put it right. */
  readonly fix?: Fix;
  /** These credentials may not look: doctor's own policy would let them. */
  readonly unseen?: true;
}

export type Finding = Omit<CheckReport, 'check'>;

/** Runs a check so that its failure is a finding, not the end. */
export async function check(name: string, look: () => Promise<Finding>): Promise<CheckReport> {
  try {
    return { check: name, ...(await look()) };
  } catch (error) {
    const { code, message, hint } = explain(error);
    return {
      check: name,
      state: 'failed',
      detail: message,
      hint: (isAwsCallError(error) && !hasAnswered(error) ? hints[code] : undefined) ?? hint,
    };
  }
}

/** The service was reached, and failed: the network is well. */
function hasAnswered({ code, facts }: ExplainedError): boolean {
  return code === 'AWS_UNREACHABLE' && facts.httpStatus !== undefined;
}

/** Of what is said to an import, the half that matters here: there is nothing that could go on. */
const hints: Readonly<Record<string, string>> = {
  AWS_UNREACHABLE: 'Check the network, its proxy, and --endpoint-url.',
  CREDENTIALS_EXPIRED: 'Renew them (for SSO: aws sso login).',
};

/** Several permissions as one check: denied ones fail it, and what is not provable is no more than a warning. */
export function permissionFinding(permissions: readonly PermissionReport[], fix?: Fix): Finding {
  const of = (state: PermissionState) => permissions.filter((permission) => permission.state === state);
  const [denied, unproven] = [of('denied'), of('unproven')];
  const names = (some: readonly PermissionReport[]) =>
    [...new Set(some.map(({ action }) => action))].join(', ');
  if (denied.length > 0) {
    const why = denied.find(({ detail }) => detail !== undefined)?.detail;
    return {
      state: 'failed',
      detail: `denied: ${names(denied)}${unproven.length > 0 ? `; not provable: ${names(unproven)}` : ''}`,
      hint: `${why === undefined ? '' : `${why}. `}Allow them; \`ec2-image iam-policy\` prints the least policy.`,
      permissions,
      ...(fix && { fix }),
    };
  }
  if (unproven.length > 0) {
    const reasons = [...new Set(unproven.flatMap(({ detail }) => detail ?? []))];
    return {
      state: 'warning',
      ...(reasons.some((reason) => reason.endsWith('is denied')) && { unseen: true }),
      detail: `not provable: ${names(unproven)}`,
      hint: `${reasons.join('; ') || 'They cannot be tried without changing the account'}.`,
      permissions,
    };
  }
  return { state: 'ok', detail: `${permissions.length} proven`, permissions };
}
