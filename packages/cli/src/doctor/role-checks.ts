import { GetRoleCommand, type Role } from '@aws-sdk/client-iam';
import { isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import { roleFix } from './account-fixes.ts';
import { judge } from './judge.ts';
import { type CheckReport, check, type PermissionReport, permissionFinding } from './report.ts';
import { roleNeeds } from './role-needs.ts';
import { readPolicies } from './role-policies.ts';
import type { Scene } from './scene.ts';
import { simulate } from './simulate.ts';
import { trustProblem } from './trust.ts';
import type { RoleUse } from './uses.ts';

/** That VM Import may assume the role, and what the role then may do with this bucket and these keys. */
export function checkRole(scene: Scene, use: RoleUse): Promise<CheckReport> {
  const { role: name } = use;
  const { iam } = scene.senders;
  return check(`role ${name}`, async () => {
    const fix = roleFix(scene, use);
    let role: Role | undefined;
    try {
      role = (await iam.send(new GetRoleCommand({ RoleName: name }))).Role;
    } catch (error) {
      if (isMissing(error)) {
        return {
          state: 'failed',
          detail: 'does not exist',
          hint: 'Create it (`ec2-image doctor --fix`), or name another with --role-name.',
          fix: fix('missing'),
        };
      }
      if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
      return {
        state: 'warning',
        unseen: true,
        detail: 'not checked: iam:GetRole denied',
        hint: 'Allow iam:GetRole to have it checked; an import does not need it.',
      };
    }
    const problem = trustProblem(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ''), scene);
    if (problem !== undefined) {
      return {
        state: 'failed',
        detail: problem,
        hint: 'Give the role the trust policy that `ec2-image iam-policy role-trust` prints.',
        fix: fix('trust'),
      };
    }
    const reports = await rolePermissions(scene, { role: role!, use });
    const finding = permissionFinding(reports, fix('policy'));
    return finding.state === 'ok'
      ? { ...finding, detail: `trusts vmie.amazonaws.com; ${finding.detail}` }
      : finding;
  });
}

async function rolePermissions(
  scene: Scene,
  { role, use }: { readonly role: Role; readonly use: RoleUse },
): Promise<PermissionReport[]> {
  const needs = roleNeeds(scene, use);
  const policies = await readPolicies(scene, role);
  if ('denied' in policies) {
    const simulated = await Promise.all(
      needs.map(({ action, resource, via }) =>
        simulate(scene, {
          source: role.Arn,
          wanted: { actions: [action], resource },
          context: via ? { 'kms:ViaService': via } : {},
          unprovable:
            via !== undefined || use.bucketPolicy === 'unknown' || use.bucketPolicy !== undefined
              ? `the policies of the resource have a say, too, and ${policies.denied} is denied`
              : undefined,
        }),
      ),
    );
    return simulated.flat();
  }
  const principal = {
    accountId: scene.account,
    arn: `arn:${scene.partition}:sts::${scene.account}:assumed-role/${use.role}/vmimport`,
    roleArn: role.Arn ?? '',
    userId: `${role.RoleId}:vmimport`,
  };
  return needs.map(({ action, resource, via, key }): PermissionReport => {
    const specific = { action, resource, by: 'policies' as const };
    const ofResource = key ? key.policy : action.startsWith('s3:') ? use.bucketPolicy : undefined;
    const { decision, byKeys } = judge(scene, {
      principal,
      ...{ action, resource },
      context: {
        'aws:PrincipalArn': role.Arn,
        ...(via && { 'kms:ViaService': via, 'kms:CallerAccount': scene.account }),
      },
      policies: {
        identity: policies.own,
        ...(policies.boundary && { session: [policies.boundary] }),
        ...(ofResource !== undefined && ofResource !== 'unknown' && { resource: ofResource }),
        ...(key && { resourceMustAllow: true, resourceAccountId: key.account }),
      },
    });
    if (!decision.allowed && (decision.explicit || byKeys.length === 0) && ofResource !== 'unknown') {
      const why = decision.explicit
        ? `with an explicit deny in a ${decision.by} policy`
        : `because no ${decision.by} policy allows it`;
      return {
        ...specific,
        state: 'denied',
        detail: `role ${use.role} may not ${action} on ${resource}, ${why}`,
      };
    }
    if (ofResource === 'unknown') {
      const what = key ? 'kms:GetKeyPolicy' : 's3:GetBucketPolicy';
      const isDenied = !decision.allowed && !key && byKeys.length === 0;
      return isDenied
        ? { ...specific, state: 'denied', detail: `role ${use.role} may not ${action} on ${resource}` }
        : { ...specific, state: 'unproven', detail: `${what} is denied` };
    }
    if (byKeys.length > 0)
      return { ...specific, state: 'unproven', detail: `a policy goes by ${byKeys.join(', ')}` };
    return { ...specific, state: 'proven' };
  });
}

function isMissing(error: unknown): boolean {
  return ['NoSuchEntity', 'NoSuchEntityException'].includes(refusedCodeOf(error) ?? '');
}
