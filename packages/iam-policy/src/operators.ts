import { BlockList, isIP } from 'node:net';
import { matchesArn, matchesPattern, substituted } from './pattern.ts';
import type { RequestContext } from './request-context.ts';

type Test = (wanted: string, given: string, context: RequestContext) => boolean;

interface Operator {
  readonly test: Test;
  /** What it says holds of no value at all, where the plain one needs one of several. */
  readonly negated: boolean;
}

/** A condition's operator, taken apart: `ForAnyValue:StringLikeIfExists`. */
export interface ReadOperator extends Operator {
  readonly set?: 'all' | 'any';
  readonly ifExists: boolean;
  readonly isNull: boolean;
}

const exactly: Test = (wanted, given, context) => substituted(wanted, context) === given;
const ignoringCase: Test = (wanted, given, context) =>
  substituted(wanted, context)?.toLowerCase() === given.toLowerCase();
const numbers =
  (holds: (given: number, wanted: number) => boolean): Test =>
  (wanted, given) =>
    wanted.trim() !== '' && given.trim() !== '' && holds(Number(given), Number(wanted));
const dates =
  (holds: (given: number, wanted: number) => boolean): Test =>
  (wanted, given) =>
    holds(timeOf(given), timeOf(wanted));

/** Each with its opposite, where it has one. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const plain: Readonly<Record<string, readonly [test: Test, negated?: string]>> = {
  StringEquals: [exactly, 'StringNotEquals'],
  StringEqualsIgnoreCase: [ignoringCase, 'StringNotEqualsIgnoreCase'],
  StringLike: [matchesPattern, 'StringNotLike'],
  NumericEquals: [numbers((given, wanted) => given === wanted), 'NumericNotEquals'],
  NumericLessThan: [numbers((given, wanted) => given < wanted)],
  NumericLessThanEquals: [numbers((given, wanted) => given <= wanted)],
  NumericGreaterThan: [numbers((given, wanted) => given > wanted)],
  NumericGreaterThanEquals: [numbers((given, wanted) => given >= wanted)],
  DateEquals: [dates((given, wanted) => given === wanted), 'DateNotEquals'],
  DateLessThan: [dates((given, wanted) => given < wanted)],
  DateLessThanEquals: [dates((given, wanted) => given <= wanted)],
  DateGreaterThan: [dates((given, wanted) => given > wanted)],
  DateGreaterThanEquals: [dates((given, wanted) => given >= wanted)],
  Bool: [ignoringCase],
  IpAddress: [isInNetwork, 'NotIpAddress'],
  ArnEquals: [matchesArn, 'ArnNotEquals'],
  ArnLike: [matchesArn, 'ArnNotLike'],
};

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>(
  Object.entries(plain).flatMap(([name, [test, negated]]) => [
    [name.toLowerCase(), { test, negated: false }] as [string, Operator],
    ...(negated ? [[negated.toLowerCase(), { test, negated: true }] as [string, Operator]] : []),
  ]),
);

/** Undefined for a name that IAM does not know. */
export function operatorOf(name: string): ReadOperator | undefined {
  const [, quantifier, rest = ''] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/i.exec(name) ?? [];
  if (rest.toLowerCase() === 'null') {
    return { test: () => false, negated: false, ifExists: false, isNull: true };
  }
  const ifExists = /IfExists$/i.test(rest);
  const operator = operators.get(rest.replace(/IfExists$/i, '').toLowerCase());
  if (!operator) return undefined;
  const set = quantifier && (quantifier.toLowerCase() === 'forallvalues' ? 'all' : 'any');
  return { ...operator, ...(set && { set }), ifExists, isNull: false };
}

/** A time is written in ISO 8601, or in seconds since 1970. */
function timeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function isInNetwork(network: string, address: string): boolean {
  const [base = '', bits] = network.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(address) !== family) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(bits ?? (family === 4 ? 32 : 128)), type);
  return list.check(address, type);
}
