import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type Role,
} from '@aws-sdk/client-iam';
import { allPages, isAwsCallError } from '@ec2-image/aws-call';
import { type PolicyDocument, parsePolicy } from '@ec2-image/iam-policy';
import type { Scene } from './scene.ts';

export interface RolePolicies {
  readonly own: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
}

/** Inline and attached; where one of them may not be read, the action that is denied. */
export async function readPolicies(
  scene: Scene,
  role: Role,
): Promise<RolePolicies | { readonly denied: string }> {
  const { iam } = scene.senders;
  const RoleName = role.RoleName!;
  try {
    const names = await allPages(async (Marker) => {
      const {
        PolicyNames,
        IsTruncated,
        Marker: next,
      } = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker }));
      return { items: PolicyNames, nextToken: IsTruncated ? next : undefined };
    });
    const attached = await allPages(async (Marker) => {
      const {
        AttachedPolicies,
        IsTruncated,
        Marker: next,
      } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }));
      return { items: AttachedPolicies, nextToken: IsTruncated ? next : undefined };
    });
    const inline = await Promise.all(
      names.map(async (PolicyName) => {
        const { PolicyDocument: document } = await iam.send(
          new GetRolePolicyCommand({ RoleName, PolicyName }),
        );
        return parsePolicy(decodeURIComponent(document ?? ''), 'identity');
      }),
    );
    const managed = await Promise.all(attached.map(({ PolicyArn }) => readManaged(scene, PolicyArn!)));
    const boundaryArn = role.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      own: [...inline, ...managed],
      ...(boundaryArn !== undefined && { boundary: await readManaged(scene, boundaryArn) }),
    };
  } catch (error) {
    scene.signal.throwIfAborted();
    if (isAwsCallError(error, 'ACCESS_DENIED')) return { denied: `iam:${error.facts.operation}` };
    throw error;
  }
}

async function readManaged({ senders: { iam } }: Scene, PolicyArn: string): Promise<PolicyDocument> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = Policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return parsePolicy(decodeURIComponent(PolicyVersion?.Document ?? ''), 'identity');
}
