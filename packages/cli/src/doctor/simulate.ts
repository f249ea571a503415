import { type ContextEntry, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { allPages, isAwsCallError } from '@ec2-image/aws-call';
import type { PermissionReport } from './report.ts';
import type { Scene } from './scene.ts';

export interface Wanted {
  readonly actions: readonly string[];
  readonly resource: string;
}

/** What every request of this tool says of itself, whatever it asks for. */
export function knownContext({ account, region, caller }: Scene): Readonly<Record<string, string>> {
  return {
    'aws:PrincipalAccount': account,
    'aws:RequestedRegion': region,
    'aws:ResourceAccount': account,
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
    ...(caller.source !== undefined && { 'aws:PrincipalArn': caller.source }),
    'ec2:Region': region,
  };
}

/** What a direct call says nothing of: to leave it out of the simulation is right, not a gap. */
const neverSaid: ReadonlySet<string> = new Set([
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'ec2:createaction',
]);

/**
 * What IAM says that the policies of a user or role allow. It does not see the policies of resources, and where a
 * condition goes by something that only the call itself would say, that is not provable.
 *
 * @param source the ARN of a user or role
 * @param context further condition keys
 */
export async function simulate(
  scene: Scene,
  {
    source,
    wanted,
    context = {},
    unprovable,
  }: {
    readonly source: string | undefined;
    readonly wanted: Wanted;
    readonly context?: Readonly<Record<string, string | readonly string[]>>;
    /** Why even an allowance proves nothing. */
    readonly unprovable?: string | undefined;
  },
): Promise<PermissionReport[]> {
  const { actions, resource } = wanted;
  const unproven = (detail: string) =>
    actions.map((action): PermissionReport => ({ action, resource, state: 'unproven', detail }));
  if (source === undefined) return unproven(unprovable ?? 'the user or role is not known');
  const entries = Object.entries({ ...knownContext(scene), 'aws:PrincipalArn': source, ...context }).map(
    ([ContextKeyName, value]): ContextEntry => ({
      ContextKeyName,
      ContextKeyValues: [value].flat(),
      ContextKeyType:
        typeof value !== 'string' ? 'stringList' : /^(true|false)$/.test(value) ? 'boolean' : 'string',
    }),
  );
  try {
    const results = await allPages(async (Marker) => {
      const {
        EvaluationResults,
        IsTruncated,
        Marker: next,
      } = await scene.senders.iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: source,
          ActionNames: actions.map((action) => action.replace(/\*$/, '')),
          ResourceArns: [resource],
          ContextEntries: entries,
          Marker,
        }),
      );
      return { items: EvaluationResults, nextToken: IsTruncated ? next : undefined };
    });
    return actions.map((action): PermissionReport => {
      const result = results.find(
        ({ EvalActionName }) => EvalActionName?.toLowerCase() === action.replace(/\*$/, '').toLowerCase(),
      );
      if (!result)
        return { action, resource, state: 'unproven', detail: 'IAM simulated it without a result' };
      const { EvalDecision: decision, MissingContextValues: unset = [] } = result;
      const missing = unset.filter((key) => !neverSaid.has(key.toLowerCase()));
      const specific = { action, resource, by: 'simulation' as const };
      if (missing.length > 0) {
        return { ...specific, state: 'unproven', detail: `a policy goes by ${missing.join(', ')}` };
      }
      if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
        return { ...specific, state: 'denied', detail: 'a policy of the organization denies it' };
      }
      if (decision === 'allowed') {
        return unprovable === undefined
          ? { ...specific, state: 'proven' }
          : { ...specific, state: 'unproven', detail: unprovable };
      }
      const why = decision === 'explicitDeny' ? 'a policy denies it' : 'no policy allows it';
      return { ...specific, state: 'denied', detail: `${why} (${source})` };
    });
  } catch (error) {
    scene.signal.throwIfAborted();
    if (isAwsCallError(error, 'ACCESS_DENIED')) return unproven('iam:SimulatePrincipalPolicy is denied');
    if (isAwsCallError(error)) return unproven(`IAM cannot simulate ${source}: ${(error as Error).message}`);
    throw error;
  }
}
