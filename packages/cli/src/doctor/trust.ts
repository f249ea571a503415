import { type PolicyDocument, parsePolicy, trustsService } from '@ec2-image/iam-policy';
import { importExternalId, importService } from '../iam/role-documents.ts';
import type { Scene } from './scene.ts';

/** What keeps VM Import from assuming a role with this trust policy, on behalf of the account; undefined where nothing does. */
export function trustProblem(
  document: string,
  { account, region, partition }: Pick<Scene, 'account' | 'region' | 'partition'>,
): string | undefined {
  let trust: PolicyDocument;
  try {
    trust = parsePolicy(document, 'trust');
  } catch {
    return 'its trust policy cannot be read';
  }
  const asked = {
    service: importService,
    externalId: importExternalId,
    accountId: account,
    sourceArn: `arn:${partition}:vmie:${region}:${account}:*`,
  };
  if (trustsService(trust, asked)) return undefined;
  const naming = trust.statements.filter(
    ({ effect, principal }) =>
      effect === 'Allow' &&
      (principal === '*' || (typeof principal === 'object' && principal.Service?.includes(importService))),
  );
  if (naming.length === 0) return `its trust policy does not name ${importService}`;
  const wrongId = naming.every(({ conditions }) =>
    conditions.some(({ key, values }) => key === 'sts:externalid' && !values.includes(importExternalId)),
  );
  return wrongId
    ? `its trust policy asks ${importService} for another sts:ExternalId than ${importExternalId}`
    : `its trust policy does not let ${importService} assume it on behalf of account ${account}`;
}
