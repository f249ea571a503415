import { operatorOf } from './operators.ts';

export type Principals = '*' | Readonly<Record<string, readonly string[]>>;

export type Conditions = readonly {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}[];

/** One statement; what may come as one or as a list is a list here. */
export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly action?: readonly string[];
  readonly notAction?: readonly string[];
  readonly resource?: readonly string[];
  readonly notResource?: readonly string[];
  readonly principal?: Principals;
  readonly notPrincipal?: Principals;
  readonly conditions: Conditions;
}

export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

/** A document as IAM would refuse it. */
export class MalformedPolicy extends Error {
  override name = 'MalformedPolicy';
}

const elements = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

/** Of an identity, of a resource (who is named in it), or of a role's trust (whose resource is the role). */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/**
 * Reads a policy in the grammar of
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 *
 * @throws MalformedPolicy
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new MalformedPolicy('Syntax errors in policy.');
  }
  const { Version, Id: _, Statement, ...others } = record(document, 'policy');
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw new MalformedPolicy(`The policy has an invalid Version: ${String(Version)}`);
  }
  if (Object.keys(others).length > 0) throw unknownElement(others);
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  // An empty list is a policy of IAM's, which allows nothing; of a bucket's it is none.
  if (Statement === undefined || (kind === 'resource' && statements.length === 0)) {
    throw new MalformedPolicy('The policy has no Statement.');
  }
  return { statements: statements.map((statement) => parseStatement(record(statement, 'Statement'), kind)) };
}

function parseStatement(statement: Record<string, unknown>, kind: PolicyKind): Statement {
  const others = Object.keys(statement).filter((name) => !elements.includes(name));
  if (others.length > 0) throw unknownElement(Object.fromEntries(others.map((name) => [name, 1])));
  const { Sid, Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new MalformedPolicy(`Invalid effect: ${String(Effect)}`);
  exactlyOne(statement, 'Action', 'NotAction');
  if (kind === 'trust') none(statement, 'Resource', 'NotResource');
  else exactlyOne(statement, 'Resource', 'NotResource');
  if (kind === 'identity') none(statement, 'Principal', 'NotPrincipal');
  else exactlyOne(statement, 'Principal', 'NotPrincipal');
  const texts = (name: string) =>
    statement[name] === undefined ? undefined : textList(statement[name], name);
  const actions = [...(texts('Action') ?? []), ...(texts('NotAction') ?? [])];
  for (const action of actions) {
    if (action !== '*' && !/^[a-z0-9-]+:[\w*?]+$/i.test(action)) {
      throw new MalformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    }
  }
  const resources = [...(texts('Resource') ?? []), ...(texts('NotResource') ?? [])];
  for (const resource of resources) {
    if (
      resource !== '*' &&
      !/^arn:[^:]*:[^:]*:(?:[^:]|\$\{[^}]*\})*:(?:[^:]|\$\{[^}]*\})*:./.test(resource)
    ) {
      throw new MalformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
    }
  }
  return {
    ...(typeof Sid === 'string' && { sid: Sid }),
    effect: Effect,
    ...optional('action', texts('Action')),
    ...optional('notAction', texts('NotAction')),
    ...optional('resource', texts('Resource')),
    ...optional('notResource', texts('NotResource')),
    ...optional('principal', principals(statement.Principal)),
    ...optional('notPrincipal', principals(statement.NotPrincipal)),
    conditions: parseConditions(statement.Condition),
  };
}

function parseConditions(given: unknown): Conditions {
  if (given === undefined) return [];
  return Object.entries(record(given, 'Condition')).flatMap(([operator, keys]) => {
    if (!operatorOf(operator)) throw new MalformedPolicy(`Invalid Condition type : ${operator}.`);
    return Object.entries(record(keys, operator)).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: textList(values, key),
    }));
  });
}

function principals(given: unknown): Principals | undefined {
  if (given === undefined) return undefined;
  if (given === '*') return '*';
  return Object.fromEntries(
    Object.entries(record(given, 'Principal')).map(([type, names]) => {
      if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(type)) {
        throw new MalformedPolicy(`Invalid principal in policy: "${type}"`);
      }
      return [type, textList(names, type)];
    }),
  );
}

/** True, false and numbers may stand without quotation marks. */
function textList(given: unknown, name: string): readonly string[] {
  const all = Array.isArray(given) ? given : [given];
  return all.map((value: unknown) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || typeof value === 'number') return String(value);
    throw new MalformedPolicy(`Syntax error in ${name}.`);
  });
}

function record(given: unknown, name: string): Record<string, unknown> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  throw new MalformedPolicy(`Syntax errors in policy: ${name}.`);
}

function exactlyOne(statement: Record<string, unknown>, one: string, other: string): void {
  if ((statement[one] === undefined) !== (statement[other] === undefined)) return;
  throw new MalformedPolicy(`Policy statement must contain exactly one of ${one} and ${other}.`);
}

function none(statement: Record<string, unknown>, ...names: readonly string[]): void {
  for (const name of names) {
    if (statement[name] !== undefined)
      throw new MalformedPolicy(`Policy document should not specify a ${name.toLowerCase()}.`);
  }
}

function unknownElement(others: object): MalformedPolicy {
  return new MalformedPolicy(`Syntax errors in policy: ${Object.keys(others).join(', ')}.`);
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]?: Value });
}
