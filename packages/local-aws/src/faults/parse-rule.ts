import { LocalAwsError } from '../errors.ts';
import type { ServiceName } from '../service.ts';
import { hasPreset } from './presets.ts';
import { actionFields, type FaultAction, type FaultRule, type Preset, presets } from './rules.ts';

const services: ReadonlySet<ServiceName> = new Set([
  's3',
  'ec2',
  'sts',
  'iam',
  'ebs',
  'ssm',
  'kms',
  'service-quotas',
  'sso',
  'autoscaling',
]);

/** Throws FAULT_INVALID naming the field: a misspelt rule must not pass as a fault that never strikes. */
export function parseFaultRule(given: unknown): FaultRule {
  const rule = objectOf('a fault', given, ['id', 'match', 'nth', 'times', 'action']);
  if (rule.id !== undefined && typeof rule.id !== 'string') throw invalid('id', 'text');
  if (rule.nth !== undefined) positive('nth', rule.nth);
  if (rule.times !== undefined && rule.times !== 'always') positive('times', rule.times);
  if (rule.match !== undefined) checkMatch(rule.match);
  checkAction(rule.action);
  checkPreset(rule as unknown as FaultRule);
  return rule as unknown as FaultRule;
}

/** What a fault file holds: a list of rules, or one. */
export function parseFaultFile(text: string): FaultRule[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw refusal(`not JSON: ${(cause as Error).message}`, cause);
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).map(parseFaultRule);
}

function checkMatch(given: unknown): void {
  const match = objectOf('match', given, [
    'service',
    'region',
    'operation',
    'parameters',
    'mutating',
    'moreThan',
  ]);
  if (match.service !== undefined && !services.has(match.service as ServiceName)) {
    throw invalid('match.service', `one of ${[...services].join(', ')}`);
  }
  if (match.region !== undefined && typeof match.region !== 'string') throw invalid('match.region', 'text');
  if (match.operation !== undefined && typeof match.operation !== 'string') {
    throw invalid('match.operation', 'text');
  }
  if (match.mutating !== undefined && typeof match.mutating !== 'boolean') {
    throw invalid('match.mutating', 'true or false');
  }
  if (match.moreThan !== undefined) wholeNumber('match.moreThan', match.moreThan);
  if (match.parameters !== undefined) textValues('match.parameters', match.parameters);
}

/** A rule for every service has to name what every service has. */
function checkPreset({ match = {}, action }: FaultRule): void {
  if (action.kind !== 'error' || action.preset === undefined) return;
  const { preset } = action;
  const matched = match.service === undefined ? [...services] : [match.service];
  if (matched.every((service) => hasPreset(service, preset))) return;
  const having = [...services].filter((service) => hasPreset(service, preset));
  throw invalid('match.service', `one of ${having.join(', ')} for the preset ${preset}`);
}

function checkAction(given: unknown): void {
  const kind = (given as FaultAction | undefined)?.kind;
  const fields =
    typeof kind === 'string' && Object.hasOwn(actionFields, kind) ? actionFields[kind] : undefined;
  if (!fields) throw invalid('action.kind', `one of ${Object.keys(actionFields).join(', ')}`);
  const action = objectOf('action', given, ['kind', ...(fields as readonly string[])]);
  for (const [name, value] of Object.entries(action)) checkField(name, value);
  if (kind === 'error' && action.preset === undefined && action.status === undefined) {
    throw invalid('action.preset or action.status', 'given');
  }
  if (kind === 'delay' || kind === 'slow-write' || kind === 'unseen') positive('action.ms', action.ms);
  if (kind === 'cut') wholeNumber('action.afterBytes', action.afterBytes);
  if ((kind === 'task-fails' || kind === 'copy-fails') && typeof action.statusMessage !== 'string') {
    throw invalid('action.statusMessage', 'text');
  }
}

function checkField(name: string, value: unknown): void {
  const where = `action.${name}`;
  switch (name) {
    case 'when':
      if (value !== 'before' && value !== 'after') throw invalid(where, 'before or after');
      return;
    case 'shows':
      if (value !== 'answer' && value !== 'lists' && value !== 'bytes') {
        throw invalid(where, 'answer, lists or bytes');
      }
      return;
    case 'preset':
      if (!presets.includes(value as Preset)) throw invalid(where, `one of ${presets.join(', ')}`);
      return;
    case 'headers':
      textValues(where, value);
      return;
    case 'status':
      if (typeof value === 'string') return; // a task's
      if (!Number.isInteger(value) || (value as number) < 300 || (value as number) > 599) {
        throw invalid(where, 'an HTTP status from 300 to 599');
      }
      return;
    case 'partNumber':
    case 'bytes':
      positive(where, value);
      return;
    case 'offset':
    case 'bit':
    case 'progress':
      wholeNumber(where, value);
      return;
    case 'code':
    case 'message':
    case 'reason':
      if (typeof value !== 'string') throw invalid(where, 'text');
  }
}

function objectOf(what: string, given: unknown, fields: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid(what, 'an object');
  const unknown = Object.keys(given).filter((name) => !fields.includes(name));
  if (unknown.length > 0) {
    throw refusal(`${what} has unknown fields ${unknown.join(', ')}; supported fields: ${fields.join(', ')}`);
  }
  return given as Record<string, unknown>;
}

function textValues(where: string, given: unknown): void {
  const values = typeof given === 'object' && given !== null ? Object.values(given) : [undefined];
  if (!values.every((value) => typeof value === 'string')) throw invalid(where, 'an object of texts');
}

function wholeNumber(where: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0) throw invalid(where, 'a whole number from 0');
}

function positive(where: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 1) throw invalid(where, 'a whole number from 1');
}

function invalid(where: string, wanted: string): LocalAwsError {
  return refusal(`${where} must be ${wanted}`);
}

function refusal(what: string, cause?: unknown): LocalAwsError {
  return new LocalAwsError('FAULT_INVALID', `Invalid fault rule: ${what}`, {
    hint: 'See "Faults" in the README of local-aws for the format.',
    cause,
  });
}
