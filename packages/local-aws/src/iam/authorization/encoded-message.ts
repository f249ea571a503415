import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Decision } from '@ec2-image/iam-policy';
import type { Permissions } from './permissions.ts';
import type { Requirement } from './requirement.ts';

const mark = 'local-aws.';

/**
 * What EC2 adds to a denial: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html. AWS
 * encrypts it; here it is only packed, so that it cannot be read by chance.
 */
export function encodeMessage(
  requirement: Requirement,
  decision: Decision & { allowed: false },
  { principal, context }: Permissions,
): string {
  const { action, resource } = requirement;
  const items = [...context(requirement)].map(([key, values]) => ({
    key,
    values: { items: values.map((value) => ({ value })) },
  }));
  const message = {
    allowed: false,
    explicitDeny: decision.explicit,
    matchedStatements: {
      items: decision.explicit ? [{ statementId: decision.sid ?? '', effect: 'DENY' }] : [],
    },
    failures: { items: [] },
    context: {
      principal: { id: principal.userId, name: principal.arn.replace(/^.*\//, ''), arn: principal.arn },
      action,
      resource,
      conditions: { items },
    },
  };
  return deflateRawSync(mark + JSON.stringify(message)).toString('base64url');
}

/** Undefined for what {@link encodeMessage} did not write. */
export function decodeMessage(encoded: string): string | undefined {
  try {
    const text = inflateRawSync(Buffer.from(encoded, 'base64url')).toString('utf8');
    return text.startsWith(mark) ? text.slice(mark.length) : undefined;
  } catch {
    return undefined;
  }
}
