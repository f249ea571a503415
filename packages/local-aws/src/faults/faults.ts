import { randomUUID } from 'node:crypto';
import type { ServiceName } from '../service.ts';
import { parseFaultRule } from './parse-rule.ts';
import {
  type ActionOf,
  type CallAction,
  type FaultAction,
  type FaultKind,
  type FaultMatch,
  type FaultRule,
  isCallAction,
} from './rules.ts';

/** What a rule is matched against. */
export interface FaultTarget {
  readonly service: ServiceName;
  /** Unknown where a service asks, at what it is about to do. */
  readonly region?: string;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly mutating?: boolean;
  /** Calls of the operation that are under way, this one included. */
  readonly underWay?: number;
}

export interface ActiveFault extends FaultRule {
  readonly id: string;
  /** Calls that matched so far. */
  readonly matched: number;
  /** Calls that it struck so far. */
  readonly struck: number;
}

export interface Faults {
  /** Checks the rule, as it may come from anywhere; throws FAULT_INVALID. */
  add(rule: FaultRule): FaultHandle;
  list(): ActiveFault[];
  /** Calls that hang by it continue. False if there is no such rule. */
  remove(id: string): boolean;
  clear(): void;
  /** For a service, where it is about to do what `kind` spoils: the action, if a rule strikes here. Counts as a match. */
  take<Kind extends FaultKind>(kind: Kind, target: FaultTarget): ActionOf<Kind> | undefined;
  /** For the dispatcher: the rules of its own kinds that strike this call. */
  strike(target: FaultTarget): StruckFault[];
}

export interface FaultHandle {
  readonly id: string;
  /** Resolves when the rule's action begins for the first time: with `after`, the call has acted by then. */
  readonly struck: Promise<FaultTarget>;
  remove(): void;
}

export interface StruckFault {
  readonly action: CallAction;
  /** To be called when the action begins. */
  readonly begin: () => void;
  /** Aborts when the rule is removed. */
  readonly removed: AbortSignal;
}

interface Entry {
  readonly rule: FaultRule & { readonly id: string };
  readonly removal: AbortController;
  readonly firstStrike: PromiseWithResolvers<FaultTarget>;
  matched: number;
  struck: number;
}

export function createFaults(rules: readonly FaultRule[] = []): Faults {
  const entries = new Map<string, Entry>();

  /** Counts the match; true if the rule strikes this one. */
  function strikes(entry: Entry, target: FaultTarget): boolean {
    if (!matches(entry.rule.match ?? {}, target)) return false;
    entry.matched += 1;
    const { nth = 1, times = 1 } = entry.rule;
    const last = times === 'always' ? Number.POSITIVE_INFINITY : nth + times - 1;
    if (entry.matched < nth || entry.matched > last) return false;
    entry.struck += 1;
    return true;
  }

  const faults: Faults = {
    add(given) {
      const rule = { ...parseFaultRule(given), id: given.id ?? randomUUID() };
      faults.remove(rule.id);
      const entry: Entry = {
        rule,
        removal: new AbortController(),
        firstStrike: Promise.withResolvers(),
        matched: 0,
        struck: 0,
      };
      entries.set(rule.id, entry);
      return { id: rule.id, struck: entry.firstStrike.promise, remove: () => void faults.remove(rule.id) };
    },
    list() {
      return [...entries.values()].map(({ rule, matched, struck }) => ({ ...rule, matched, struck }));
    },
    remove(id) {
      entries.get(id)?.removal.abort();
      return entries.delete(id);
    },
    clear() {
      for (const id of [...entries.keys()]) faults.remove(id);
    },
    take<Kind extends FaultKind>(kind: Kind, target: FaultTarget) {
      let taken: FaultAction | undefined;
      for (const entry of entries.values()) {
        if (entry.rule.action.kind !== kind || !strikes(entry, target)) continue;
        entry.firstStrike.resolve(target);
        taken ??= entry.rule.action;
      }
      return taken as ActionOf<Kind> | undefined;
    },
    strike(target) {
      const struck: StruckFault[] = [];
      for (const entry of entries.values()) {
        const { action } = entry.rule;
        if (isCallAction(action) && strikes(entry, target)) {
          const begin = () => entry.firstStrike.resolve(target);
          struck.push({ action, begin, removed: entry.removal.signal });
        }
      }
      return struck;
    },
  };
  for (const rule of rules) faults.add(rule);
  return faults;
}

function matches(match: FaultMatch, target: FaultTarget): boolean {
  if (match.service !== undefined && match.service !== target.service) return false;
  if (match.region !== undefined && match.region !== target.region) return false;
  if (match.operation !== undefined && match.operation !== target.operation) return false;
  if (match.mutating !== undefined && match.mutating !== (target.mutating ?? true)) return false;
  if (match.moreThan !== undefined && (target.underWay ?? 0) <= match.moreThan) return false;
  return Object.entries(match.parameters ?? {}).every(([name, pattern]) => {
    const value = target.parameters[name];
    return value !== undefined && matchesPattern(pattern, value);
  });
}

/** `*` stands for any run of characters; everything else for itself. */
function matchesPattern(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of rest) {
    const found = value.indexOf(piece, at);
    if (found < 0 || found + piece.length > value.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
}
