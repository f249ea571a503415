import { createHash } from 'node:crypto';
import {
  type Decision,
  evaluate,
  type Policies,
  type PolicyDocument,
  type Principal,
  parsePolicy,
  requestContext,
} from '@ec2-image/iam-policy';
import { LocalAwsError } from '../../errors.ts';
import type { KnownCredentials } from '../../known-credentials.ts';
import type { ServiceRequest } from '../../service.ts';
import type { ManagedPolicies } from '../managed-policies.ts';
import type { Requirement } from './requirement.ts';

/** What one caller may do. */
export interface Permissions {
  readonly principal: Principal;
  decide(requirement: Requirement): Decision;
  /** Every key that the decision goes by, for the message that says why. */
  context(requirement: Requirement): ReadonlyMap<string, readonly string[]>;
}

/** Somebody whose credentials the emulator was given: their policies; undefined, they may do everything. */
export type FindUser = (
  accountId: string,
  name: string,
) => { readonly identity: readonly PolicyDocument[] | undefined } | undefined;

/** Whoever the emulator was not told the policies of may do everything in their account. */
export interface PermissionsBook {
  of(request: ServiceRequest): Permissions;
  readonly users: FindUser;
}

interface Grant extends Pick<Policies, 'identity' | 'session'> {
  readonly principal: Principal;
}

/** Of a caller that IAM knows: its policies as they are now. */
export type FindGrant = (request: ServiceRequest) => Grant | undefined;

/** Throws POLICY_INVALID. */
export function createPermissions({
  credentials,
  accountId: own,
  findGrant = () => undefined,
  managed,
  now,
}: {
  /** The emulator's own. */
  readonly accountId: string;
  readonly credentials: readonly KnownCredentials[];
  readonly findGrant?: FindGrant;
  readonly managed: Pick<ManagedPolicies, 'ofUser'>;
  readonly now: () => number;
}): PermissionsBook {
  const parsed = new Map(
    credentials.map(({ accessKeyId, policies }) => [accessKeyId, policies?.map(readPolicy)]),
  );
  const names = new Map(credentials.map(({ accessKeyId, userName }) => [accessKeyId, userName]));

  const texts = new Map<string, PolicyDocument>();
  const parseOnce = (text: string) => {
    const document = texts.get(text) ?? parsePolicy(text, 'identity');
    texts.set(text, document);
    return document;
  };

  /** With those that were attached since; whoever may do everything needs none. */
  function identityOf(accountId: string, accessKeyId: string): readonly PolicyDocument[] | undefined {
    const given = parsed.get(accessKeyId);
    const name = names.get(accessKeyId) ?? defaultUser;
    return given && [...given, ...managed.ofUser(accountId, name).map(({ document }) => parseOnce(document))];
  }

  function grantOf(request: ServiceRequest): Grant {
    const { accessKeyId = '', accountId } = request;
    const found = findGrant(request);
    if (found) return found;
    return {
      principal: userOf(accountId, accessKeyId, names.get(accessKeyId)),
      identity: identityOf(accountId, accessKeyId),
    };
  }

  return {
    users(accountId, name) {
      const user = credentials.find(
        (one) => (one.accountId ?? own) === accountId && (one.userName ?? defaultUser) === name,
      );
      return user && { identity: identityOf(accountId, user.accessKeyId) };
    },
    of(request) {
      const { principal, identity, session } = grantOf(request);
      const context = (requirement: Requirement) =>
        requestContext(globalKeys(principal, request, now()), requirement.context ?? {});
      return {
        principal,
        context,
        decide: (requirement) => {
          // Thousands of blocks a minute: who may do everything is not asked for what.
          if (!identity && !session && isOrdinary(requirement)) return { allowed: true };
          return evaluate({ ...requirement, context: context(requirement) }, principal, {
            identity,
            ...(session && { session }),
            ...(requirement.resourcePolicy && { resource: requirement.resourcePolicy }),
            ...(requirement.resourceMustAllow && { resourceMustAllow: true }),
            ...(requirement.resourceAccountId && { resourceAccountId: requirement.resourceAccountId }),
          });
        },
      };
    },
  };
}

/** Of a resource of the caller's own account, with no policy of its own: the caller's policies decide alone. */
function isOrdinary({ resourcePolicy, resourceMustAllow, resourceAccountId }: Requirement): boolean {
  return !resourcePolicy && !resourceMustAllow && resourceAccountId === undefined;
}

function readPolicy(policy: string | object): PolicyDocument {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
  try {
    return parsePolicy(text, 'identity');
  } catch (cause) {
    throw new LocalAwsError('POLICY_INVALID', `Invalid policy: ${(cause as Error).message}`, {
      hint: 'Correct the policy document that comes with the credentials.',
      cause,
      facts: { policy: text },
    });
  }
}

const defaultUser = 'local-aws';

/** The user that a pair of keys stands for. */
export function userOf(accountId: string, accessKeyId: string, name = defaultUser): Principal {
  return {
    accountId,
    arn: `arn:aws:iam::${accountId}:user/${name}`,
    userId: `AIDA${createHash('sha256').update(accessKeyId).digest('hex').toUpperCase().slice(0, 17)}`,
  };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
function globalKeys(principal: Principal, { region, accountId }: ServiceRequest, now: number) {
  const userName = /:user\/(?:.*\/)?([^/]+)$/.exec(principal.arn)?.[1];
  return {
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': Math.floor(now / 1000),
    'aws:PrincipalAccount': principal.accountId,
    'aws:PrincipalArn': principal.roleArn ?? principal.arn,
    'aws:PrincipalType': principal.roleArn === undefined ? 'User' : 'AssumedRole',
    'aws:RequestedRegion': region,
    'aws:ResourceAccount': accountId,
    // Loopback stands in for AWS's own endpoints, which are reached by TLS.
    'aws:SecureTransport': true,
    'aws:SourceIp': '127.0.0.1',
    'aws:ViaAWSService': false,
    'aws:userid': principal.userId,
    'aws:username': userName,
  };
}
