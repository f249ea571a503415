import {
  evaluate,
  type PolicyDocument,
  type Principal,
  parsePolicy,
  requestContext,
  undecidedKeys,
} from '@ec2-image/iam-policy';
import { operationFor } from '../query/operation.ts';
import { integer, memberList, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { ServiceError } from '../service.ts';
import { checkDocument, type IamContext, invalidInput } from './iam-context.ts';

/**
 * What a user or role may do by its own policies: sessions have none to simulate, and those of resources are not fetched.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export const simulatePrincipalPolicy = operationFor<IamContext>()({
  fields: {
    PolicySourceArn: required(string),
    ActionNames: required(memberList(string)),
    ResourceArns: memberList(string),
    ResourcePolicy: string,
    CallerArn: string,
    ContextEntries: memberList(
      structure({
        ContextKeyName: string,
        ContextKeyValues: memberList(string),
        ContextKeyType: string,
      }),
    ),
    Marker: string,
    MaxItems: integer,
  },
  run(input, context) {
    const { PolicySourceArn: source, ActionNames: actions, ContextEntries: entries } = input;
    const simulated = simulatedOf(source, context);
    if (input.ResourcePolicy !== undefined) {
      if (!/:user\//.test(input.CallerArn ?? source)) {
        throw invalidInput('CallerArn is required with a ResourcePolicy and must be that of a user.');
      }
      checkDocument(input.ResourcePolicy, 'resource');
    }
    const resource = input.ResourcePolicy && parsePolicy(input.ResourcePolicy, 'resource');
    const given = requestContext(
      { 'aws:PrincipalArn': source, 'aws:PrincipalAccount': simulated.principal.accountId },
      Object.fromEntries(
        entries.map(({ ContextKeyName: key = '', ContextKeyValues: values }) => [key, values]),
      ),
    );
    const resources = input.ResourceArns.length > 0 ? input.ResourceArns : ['*'];
    const results = actions.flatMap((action) =>
      resources.map((arn): XmlElements => {
        const request = { action, resource: arn, context: given };
        const policies = { identity: simulated.identity, ...(resource && { resource }) };
        const decision = evaluate(request, simulated.principal, policies);
        const missing = undecidedKeys(request, simulated.principal, { policies });
        return {
          EvalActionName: action,
          EvalResourceName: arn,
          EvalDecision: decision.allowed ? 'allowed' : decision.explicit ? 'explicitDeny' : 'implicitDeny',
          MatchedStatements: {},
          MissingContextValues: { member: missing },
        };
      }),
    );
    return page(results, input, context);
  },
});

/** By the number of results that went before. */
function page(
  results: readonly XmlElements[],
  { Marker: marker = '0', MaxItems: asked = 100 }: { readonly Marker?: string; readonly MaxItems?: number },
  { conditions }: IamContext,
): XmlElements {
  const start = Number(marker);
  if (!Number.isInteger(start)) throw invalidInput('The marker is not valid.');
  const end = start + conditions.pageSize(asked, 1);
  const isTruncated = end < results.length;
  return {
    EvaluationResults: { member: results.slice(start, end) },
    IsTruncated: isTruncated,
    Marker: isTruncated ? String(end) : undefined,
  };
}

interface Simulated {
  readonly principal: Principal;
  readonly identity: readonly PolicyDocument[] | undefined;
}

function simulatedOf(arn: string, { accountId, roles, users }: IamContext): Simulated {
  const [, owner, kind, name = ''] =
    /^arn:[^:]+:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (kind === undefined || owner !== accountId) {
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  }
  const principal = { accountId, arn, userId: name, ...(kind === 'role' && { roleArn: arn }) };
  const role = kind === 'role' ? roles.find(accountId, name) : undefined;
  if (role && arn.endsWith(`:role${role.path}${name}`)) {
    const documents = roles.documents(accountId, name);
    return { principal, identity: documents.map((document) => parsePolicy(document, 'identity')) };
  }
  const user = kind === 'user' ? users(accountId, name) : undefined;
  if (user) return { principal, identity: user.identity };
  throw new ServiceError(404, 'NoSuchEntity', `${arn} does not exist.`);
}
