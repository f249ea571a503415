import { parsePolicy } from '@ec2-image/iam-policy';
import { partitionOf } from '../iam/authorization/requirement.ts';
import type { Role } from '../iam/roles.ts';
import { operationFor } from '../query/operation.ts';
import { integer, required, string } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { ServiceError } from '../service.ts';
import { sessionPrincipal } from './session-grants.ts';
import type { RoleSession } from './sessions.ts';
import type { StsContext } from './sts-context.ts';
import { readWebIdentity, trustsWebIdentity } from './web-identity.ts';

const operation = operationFor<StsContext>();

const common = {
  RoleArn: required(string),
  RoleSessionName: required(string),
  DurationSeconds: integer,
};

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const assumeRole = operation({
  fields: { ...common, ExternalId: string, SerialNumber: string, TokenCode: string },
  run(input, context) {
    const { request, permissions } = context;
    const { RoleArn: arn, ExternalId: externalId, SerialNumber: serial, TokenCode: code } = input;
    const { accountId, role } = findRole(arn, context);
    const caller = permissions.of(request);
    const hasMfa = checkMfa(serial, code);
    const decision =
      role &&
      caller.decide({
        action: 'sts:AssumeRole',
        resource: arn,
        resourcePolicy: parsePolicy(role.trustPolicy, 'trust'),
        resourceMustAllow: true,
        resourceAccountId: accountId,
        context: { 'sts:ExternalId': externalId, 'aws:MultiFactorAuthPresent': hasMfa ? true : undefined },
      });
    // A role that does not exist is not told from one that may not be assumed.
    if (!role || !decision?.allowed) {
      throw new ServiceError(
        403,
        'AccessDenied',
        `User: ${caller.principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      );
    }
    // A session of a role that takes on another role lasts an hour at most.
    const limit = caller.principal.roleArn === undefined ? role.maxSessionSeconds : 3600;
    const session = start(
      { accountId, role, limit, sessionName: input.RoleSessionName, seconds: input.DurationSeconds },
      context,
    );
    return answerOf(session, role, context);
  },
});

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export const assumeRoleWithWebIdentity = operation({
  fields: { ...common, WebIdentityToken: required(string) },
  run(input, context) {
    const token = readWebIdentity(input.WebIdentityToken, context.now());
    const { accountId, role } = findRole(input.RoleArn, context);
    if (!role || !trustsWebIdentity(parsePolicy(role.trustPolicy, 'trust'), { token, accountId })) {
      throw new ServiceError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
    }
    const { maxSessionSeconds: limit } = role;
    const session = start(
      { accountId, role, limit, sessionName: input.RoleSessionName, seconds: input.DurationSeconds },
      context,
    );
    return {
      ...answerOf(session, role, context),
      SubjectFromWebIdentityToken: token.subject,
      Audience: token.audience,
      Provider: token.issuer,
    };
  },
});

function findRole(arn: string, { roles, request }: StsContext) {
  const [, partition, accountId = '', name = ''] =
    /^arn:([^:]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (partition !== partitionOf(request.region)) throw invalid(`${arn} is invalid`);
  return { accountId, role: roles.find(accountId, name) };
}

/** Any six digits are the right code but for zeros, so that a wrong one can be tried. */
function checkMfa(serial: string | undefined, code: string | undefined): boolean {
  if (serial === undefined && code === undefined) return false;
  if (serial !== undefined && /^\d{6}$/.test(code ?? '') && code !== '000000') return true;
  throw new ServiceError(
    403,
    'AccessDenied',
    'MultiFactorAuthentication failed with invalid MFA one time pass code.',
  );
}

interface NewSession {
  readonly accountId: string;
  readonly role: Role;
  readonly sessionName: string;
  readonly seconds: number | undefined;
  readonly limit: number;
}

function start(
  { accountId, role, sessionName, seconds = 3600, limit }: NewSession,
  { sessions }: StsContext,
): RoleSession {
  if (seconds < 900 || seconds > limit) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return sessions.start({ accountId, roleName: role.name, sessionName, seconds });
}

function answerOf(session: RoleSession, role: Role, { request }: StsContext): XmlElements {
  const { arn, userId } = sessionPrincipal(session, role, partitionOf(request.region));
  return {
    AssumedRoleUser: { Arn: arn, AssumedRoleId: userId },
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAt),
    },
  };
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, 'ValidationError', message);
}
