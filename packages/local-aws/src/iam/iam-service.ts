import { type PolicyKind, parsePolicy } from '@ec2-image/iam-policy';
import type { CallConditions } from '../conditions/conditions.ts';
import { operationFor } from '../query/operation.ts';
import { queryService } from '../query/query-service.ts';
import { integer, memberList, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { type Service, ServiceError } from '../service.ts';
import { iamModel } from '../validation/models/iam.ts';
import { rolesAsSeenBy } from './lagging-roles.ts';
import type { Role, Roles } from './roles.ts';

interface IamContext {
  readonly accountId: string;
  readonly roles: Roles;
  readonly conditions: CallConditions;
}

const operation = operationFor<IamContext>();

const getRole = operation({
  fields: { RoleName: required(string) },
  run: ({ RoleName: name }, context) => ({
    Role: { ...describedRole(roleOf(name, context), context), RoleLastUsed: {} },
  }),
});

const createRole = operation({
  fields: {
    RoleName: required(string),
    AssumeRolePolicyDocument: required(string),
    Path: string,
    Description: string,
    MaxSessionDuration: integer,
    Tags: memberList(structure({ Key: string, Value: string })),
  },
  run(input, context) {
    const { RoleName: name } = input;
    if (input.Tags.length > 0) throw invalidInput('Tags of roles are not kept by local-aws.');
    checkDocument(input.AssumeRolePolicyDocument, 'trust');
    const created = context.roles.create(context.accountId, {
      name,
      path: input.Path ?? '/',
      description: input.Description ?? null,
      trustPolicy: input.AssumeRolePolicyDocument,
      maxSessionSeconds: input.MaxSessionDuration ?? 3600,
    });
    if (!created) {
      throw new ServiceError(409, 'EntityAlreadyExists', `Role with name ${name} already exists.`);
    }
    return { Role: describedRole(roleOf(name, context), context) };
  },
});

const updateAssumeRolePolicy = operation({
  fields: { RoleName: required(string), PolicyDocument: required(string) },
  run({ RoleName: name, PolicyDocument: document }, context) {
    roleOf(name, context);
    checkDocument(document, 'trust');
    context.roles.setTrustPolicy(context.accountId, name, document);
    return undefined;
  },
});

const deleteRole = operation({
  fields: { RoleName: required(string) },
  run({ RoleName: name }, context) {
    const { accountId, roles } = context;
    roleOf(name, context);
    if (roles.policies(accountId, name).length > 0) {
      throw new ServiceError(409, 'DeleteConflict', 'Cannot delete entity, must delete policies first.');
    }
    roles.remove(accountId, name);
    return undefined;
  },
});

const listRolePolicies = operation({
  fields: { RoleName: required(string), Marker: string, MaxItems: integer },
  run({ RoleName: name, Marker: marker = '', MaxItems: asked = 100 }, context) {
    // "IAM might return fewer results, even when there are more results available", says the API's model.
    const maxItems = context.conditions.pageSize(asked, 1);
    roleOf(name, context);
    const names = context.roles
      .policies(context.accountId, name)
      .map(({ policyName }) => policyName)
      .filter((policyName) => policyName > marker);
    const isTruncated = names.length > maxItems;
    const page = names.slice(0, maxItems);
    return {
      PolicyNames: { member: page },
      IsTruncated: isTruncated,
      Marker: isTruncated ? page.at(-1) : undefined,
    };
  },
});

/** Managed policies are not among what local-aws has. */
const listAttachedRolePolicies = operation({
  fields: { RoleName: required(string), PathPrefix: string, Marker: string, MaxItems: integer },
  run({ RoleName: name }, context) {
    roleOf(name, context);
    return { AttachedPolicies: {}, IsTruncated: false };
  },
});

const getRolePolicy = operation({
  fields: { RoleName: required(string), PolicyName: required(string) },
  run({ RoleName: name, PolicyName: policyName }, context) {
    roleOf(name, context);
    const policy = context.roles
      .policies(context.accountId, name)
      .find((candidate) => candidate.policyName === policyName);
    if (!policy) throw noSuchPolicy(policyName);
    return { RoleName: name, PolicyName: policyName, PolicyDocument: encodeDocument(policy.document) };
  },
});

const putRolePolicy = operation({
  fields: { RoleName: required(string), PolicyName: required(string), PolicyDocument: required(string) },
  run({ RoleName: name, PolicyName: policyName, PolicyDocument: document }, context) {
    roleOf(name, context);
    checkDocument(document, 'identity');
    context.roles.putPolicy(context.accountId, name, { policyName, document });
    return undefined;
  },
});

const deleteRolePolicy = operation({
  fields: { RoleName: required(string), PolicyName: required(string) },
  run({ RoleName: name, PolicyName: policyName }, context) {
    roleOf(name, context);
    if (!context.roles.removePolicy(context.accountId, name, policyName)) throw noSuchPolicy(policyName);
    return undefined;
  },
});

function roleOf(name: string, { roles, accountId }: IamContext): Role {
  const role = roles.find(accountId, name);
  if (!role) throw new ServiceError(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
  return role;
}

function describedRole(role: Role, { accountId }: IamContext): XmlElements {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: `arn:aws:iam::${accountId}:role${role.path}${role.name}`,
    CreateDate: `${new Date(role.createdAt).toISOString().slice(0, 19)}Z`,
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    Description: role.description ?? undefined,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

/** Documents go out percent-encoded (RFC 3986). */
function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function checkDocument(document: string, kind: PolicyKind): void {
  try {
    parsePolicy(document, kind);
  } catch (error) {
    throw new ServiceError(400, 'MalformedPolicyDocument', (error as Error).message);
  }
}

function noSuchPolicy(policyName: string): ServiceError {
  return new ServiceError(404, 'NoSuchEntity', `The role policy with name ${policyName} cannot be found.`);
}

function invalidInput(message: string): ServiceError {
  return new ServiceError(400, 'InvalidInput', message);
}

/** Roles and their inline policies, as far as importing a disk needs them. */
export function iamService({ roles }: { roles: Roles }): Service {
  return queryService<IamContext>({
    name: 'iam',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: {
      CreateRole: createRole,
      DeleteRole: deleteRole,
      DeleteRolePolicy: deleteRolePolicy,
      GetRole: getRole,
      GetRolePolicy: getRolePolicy,
      ListAttachedRolePolicies: listAttachedRolePolicies,
      ListRolePolicies: listRolePolicies,
      PutRolePolicy: putRolePolicy,
      UpdateAssumeRolePolicy: updateAssumeRolePolicy,
    },
    model: iamModel,
    contextOf: ({ accountId, conditions }) => ({
      accountId,
      roles: rolesAsSeenBy(roles, { accountId, conditions }),
      conditions,
    }),
  });
}
