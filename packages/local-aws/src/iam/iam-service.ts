import { operationFor } from '../query/operation.ts';
import { queryService } from '../query/query-service.ts';
import { integer, memberList, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { type Service, ServiceError } from '../service.ts';
import { iamModel } from '../validation/models/iam.ts';
import { partitionOf } from './authorization/requirement.ts';
import {
  checkDocument,
  checkSize,
  encodeDocument,
  type IamContext,
  invalidInput,
  roleOf,
} from './iam-context.ts';
import { rolesAsSeenBy } from './lagging-roles.ts';
import { managedPolicyOperations } from './managed-policy-operations.ts';
import type { Role } from './roles.ts';
import { simulatePrincipalPolicy } from './simulate.ts';

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
    if (roles.documents(accountId, name).length > 0) {
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
    const others = context.roles
      .policies(context.accountId, name)
      .filter((one) => one.policyName !== policyName);
    checkSize(
      [document, ...others.map((other) => other.document)],
      mostOfRole,
      `Maximum policy size of ${mostOfRole} bytes exceeded for role ${name}`,
    );
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

function describedRole(role: Role, { accountId, partition }: IamContext): XmlElements {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: `arn:${partition}:iam::${accountId}:role${role.path}${role.name}`,
    CreateDate: `${new Date(role.createdAt).toISOString().slice(0, 19)}Z`,
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    Description: role.description ?? undefined,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

/** Characters of all inline policies together: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const mostOfRole = 10_240;

function noSuchPolicy(policyName: string): ServiceError {
  return new ServiceError(404, 'NoSuchEntity', `The role policy with name ${policyName} cannot be found.`);
}

/** Roles, users and their policies, as far as importing a disk needs them, and what these come to. */
export function iamService({ roles, users }: Pick<IamContext, 'roles' | 'users'>): Service {
  return queryService<IamContext>({
    name: 'iam',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: {
      CreateRole: createRole,
      DeleteRole: deleteRole,
      DeleteRolePolicy: deleteRolePolicy,
      GetRole: getRole,
      GetRolePolicy: getRolePolicy,
      ListRolePolicies: listRolePolicies,
      PutRolePolicy: putRolePolicy,
      SimulatePrincipalPolicy: simulatePrincipalPolicy,
      UpdateAssumeRolePolicy: updateAssumeRolePolicy,
      ...managedPolicyOperations,
    },
    model: iamModel,
    contextOf: ({ accountId, region, conditions }) => ({
      accountId,
      partition: partitionOf(region),
      users,
      roles: rolesAsSeenBy(roles, { accountId, conditions }),
      conditions,
    }),
  });
}
