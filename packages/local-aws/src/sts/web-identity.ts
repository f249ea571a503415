import { evaluate, type PolicyDocument, requestContext } from '@ec2-image/iam-policy';
import { ServiceError } from '../service.ts';

/** What a token of an OpenID Connect provider says. */
export interface WebIdentity {
  /** Without the scheme, as ARNs of providers and condition keys have it. */
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** The claims of a JSON web token. Its signature is not checked: no key of a provider is known here. */
export function readWebIdentity(token: string, now: number): WebIdentity {
  const [, payload, ...rest] = token.trim().split('.');
  let claims: Record<string, unknown>;
  try {
    claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
  } catch {
    throw invalidToken();
  }
  const { iss, sub, aud, exp } = claims;
  if (rest.length !== 1 || typeof iss !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') {
    throw invalidToken();
  }
  if (exp * 1000 <= now) {
    throw new ServiceError(
      400,
      'ExpiredTokenException',
      `Token expired: current date/time ${Math.floor(now / 1000)} must be before the expiration date/time ${exp}`,
    );
  }
  return { issuer: iss.replace(/^https:\/\//, ''), subject: sub, audience: String([aud].flat()[0] ?? '') };
}

function invalidToken(): ServiceError {
  return new ServiceError(400, 'InvalidIdentityToken', 'The ID Token provided is not a valid JWT.');
}

/** Whether the trust of a role lets somebody with this token take it on. */
export function trustsWebIdentity(
  trust: PolicyDocument,
  {
    token: { issuer, subject, audience },
    accountId,
  }: { readonly token: WebIdentity; readonly accountId: string },
): boolean {
  const context = requestContext({ [`${issuer}:sub`]: subject, [`${issuer}:aud`]: audience });
  const provider = `arn:aws:iam::${accountId}:oidc-provider/${issuer}`;
  return evaluate(
    { action: 'sts:AssumeRoleWithWebIdentity', resource: '*', context },
    { accountId, arn: provider, userId: subject, federated: provider },
    { identity: undefined, resource: trust, resourceMustAllow: true },
  ).allowed;
}
