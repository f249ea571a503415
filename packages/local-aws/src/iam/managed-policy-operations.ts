import { operationFor } from '../query/operation.ts';
import { integer, memberList, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { ServiceError } from '../service.ts';
import {
  checkDocument,
  checkSize,
  encodeDocument,
  type IamContext,
  invalidInput,
  roleOf,
} from './iam-context.ts';
import type { ManagedPolicy } from './managed-policies.ts';

const operation = operationFor<IamContext>();

const createPolicy = operation({
  fields: {
    PolicyName: required(string),
    PolicyDocument: required(string),
    Path: string,
    Description: string,
    Tags: memberList(structure({ Key: string, Value: string })),
  },
  run({ PolicyName: policyName, PolicyDocument: document, Path: path = '/', Tags: tags }, context) {
    if (tags.length > 0) throw invalidInput('Tags of policies are not kept by local-aws.');
    checkDocument(document, 'identity');
    checkSize([document], mostOfManaged, `Cannot exceed quota for PolicySize: ${mostOfManaged}`);
    const { managed } = context.roles;
    const arn = `arn:${context.partition}:iam::${context.accountId}:policy${path}${policyName}`;
    if (!managed.create({ arn, policyName, path, document })) {
      throw new ServiceError(
        409,
        'EntityAlreadyExists',
        `A policy called ${policyName} already exists. Duplicate names are not allowed.`,
      );
    }
    return { Policy: described(policyOf(arn, context), context) };
  },
});

const getPolicy = operation({
  fields: { PolicyArn: required(string) },
  run: ({ PolicyArn: arn }, context) => ({ Policy: described(policyOf(arn, context), context) }),
});

const getPolicyVersion = operation({
  fields: { PolicyArn: required(string), VersionId: required(string) },
  run({ PolicyArn: arn, VersionId: versionId }, context) {
    const { document, createdAt } = policyOf(arn, context);
    if (versionId !== onlyVersion) {
      throw new ServiceError(404, 'NoSuchEntity', `Policy ${arn} version ${versionId} does not exist.`);
    }
    return {
      PolicyVersion: {
        Document: encodeDocument(document),
        VersionId: onlyVersion,
        IsDefaultVersion: true,
        CreateDate: isoSeconds(createdAt),
      },
    };
  },
});

const deletePolicy = operation({
  fields: { PolicyArn: required(string) },
  run({ PolicyArn: arn }, context) {
    policyOf(arn, context);
    const { managed } = context.roles;
    if (managed.isAttached(arn)) {
      throw new ServiceError(409, 'DeleteConflict', 'Cannot delete a policy attached to entities.');
    }
    managed.remove(arn);
    return undefined;
  },
});

const attachRolePolicy = operation({
  fields: { RoleName: required(string), PolicyArn: required(string) },
  run({ RoleName: name, PolicyArn: arn }, context) {
    roleOf(name, context);
    policyOf(arn, context);
    context.roles.managed.attach(context.accountId, name, arn);
    return undefined;
  },
});

const attachUserPolicy = operation({
  fields: { UserName: required(string), PolicyArn: required(string) },
  run({ UserName: name, PolicyArn: arn }, context) {
    const { accountId, users, roles } = context;
    if (!users(accountId, name)) {
      throw new ServiceError(404, 'NoSuchEntity', `The user with name ${name} cannot be found.`);
    }
    policyOf(arn, context);
    roles.managed.attachToUser(accountId, name, arn);
    return undefined;
  },
});

const detachRolePolicy = operation({
  fields: { RoleName: required(string), PolicyArn: required(string) },
  run({ RoleName: name, PolicyArn: arn }, context) {
    roleOf(name, context);
    if (!context.roles.managed.detach(context.accountId, name, arn)) throw noSuchPolicy(arn);
    return undefined;
  },
});

const listAttachedRolePolicies = operation({
  fields: { RoleName: required(string), PathPrefix: string, Marker: string, MaxItems: integer },
  run({ RoleName: name, PathPrefix: prefix = '/', Marker: marker = '', MaxItems: asked = 100 }, context) {
    roleOf(name, context);
    // "IAM might return fewer results, even when there are more results available", says the API's model.
    const maxItems = context.conditions.pageSize(asked, 1);
    const all = context.roles.managed
      .attachedTo(context.accountId, name)
      .filter(({ path, arn }) => path.startsWith(prefix) && arn > marker);
    const page = all.slice(0, maxItems);
    const isTruncated = all.length > page.length;
    return {
      AttachedPolicies: {
        member: page.map(({ arn, policyName }) => ({ PolicyName: policyName, PolicyArn: arn })),
      },
      IsTruncated: isTruncated,
      Marker: isTruncated ? page.at(-1)?.arn : undefined,
    };
  },
});

/** Characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const mostOfManaged = 6144;

/** None is ever replaced here. */
const onlyVersion = 'v1';

function policyOf(arn: string, { roles }: IamContext): ManagedPolicy {
  const policy = roles.managed.find(arn);
  if (!policy) throw noSuchPolicy(arn);
  return policy;
}

function noSuchPolicy(arn: string): ServiceError {
  return new ServiceError(404, 'NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
}

function described(
  { arn, policyName, path, policyId, createdAt }: ManagedPolicy,
  { roles }: IamContext,
): XmlElements {
  return {
    PolicyName: policyName,
    PolicyId: policyId,
    Arn: arn,
    Path: path,
    DefaultVersionId: onlyVersion,
    AttachmentCount: roles.managed.isAttached(arn) ? 1 : 0,
    IsAttachable: true,
    CreateDate: isoSeconds(createdAt),
    UpdateDate: isoSeconds(createdAt),
  };
}

function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

export const managedPolicyOperations = {
  AttachRolePolicy: attachRolePolicy,
  AttachUserPolicy: attachUserPolicy,
  CreatePolicy: createPolicy,
  DeletePolicy: deletePolicy,
  DetachRolePolicy: detachRolePolicy,
  GetPolicy: getPolicy,
  GetPolicyVersion: getPolicyVersion,
  ListAttachedRolePolicies: listAttachedRolePolicies,
};
