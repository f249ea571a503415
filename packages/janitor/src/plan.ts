import type { BucketFact, Gap, Kind } from './facts.ts';
import type { KeepCode, Suggestion } from './judge/keep.ts';
import type { Policy } from './policy.ts';
import type { NamedResource } from './saved-plan.ts';

/** What was found, what is to become of it and why: the document that `--save-plan` writes. Times are ISO 8601 in UTC. */
export interface Plan {
  readonly version: 1;
  readonly account: string;
  readonly regions: readonly string[];
  readonly buckets: readonly BucketFact[];
  readonly prefixes: readonly string[];
  readonly madeAt: string;
  /** A sweep after this time refuses the plan. */
  readonly expiresAt: string;
  readonly policy: Policy;
  /** In the order in which a sweep takes them. */
  readonly resources: readonly Resource[];
  /** What could not be read: everything that depends on it is kept. */
  readonly gaps: readonly Gap[];
  readonly notices: readonly string[];
}

interface ResourceBase extends NamedResource {
  /** Null where the service does not tell. */
  readonly sizeBytes: number | null;
  /** A snapshot gives back what no other snapshot shares: its size is the most that it can be. */
  readonly sizeIsUpperBound: boolean;
  /** The last activity. */
  readonly lastActivityAt: string | null;
  readonly ageSeconds: number | null;
  /** What depends on it: AMIs, import tasks, or what refers to an AMI. */
  readonly dependents: readonly string[];
}

export interface ResourceToDelete extends ResourceBase {
  readonly verdict: 'delete';
  /** A predicate: "is tagged …". */
  readonly proof: string;
}

export interface ResourceToDisable extends ResourceBase {
  readonly verdict: 'disable';
  /** A predicate: "is superseded by …". */
  readonly proof: string;
}

export interface ResourceToEnable extends ResourceBase {
  readonly verdict: 'enable';
  readonly reason: string;
}

export interface ResourceToDeprecate extends ResourceBase {
  readonly verdict: 'deprecate';
  /** A predicate: "is older than …". */
  readonly proof: string;
}

export type ResourceToChange = ResourceToDelete | ResourceToDeprecate | ResourceToDisable | ResourceToEnable;

export interface ResourceToKeep extends ResourceBase {
  readonly verdict: 'keep';
  readonly code: KeepCode;
  readonly reason: string;
  /** Arguments of the ec2-image command that would finish it. */
  readonly suggestion?: Suggestion;
}

export type Resource = ResourceToChange | ResourceToKeep;

/** Rule 6 of docs/janitor.md: objects last, so that what a crash leaves can still be traced. */
export const kindsInOrder: readonly Kind[] = ['instance', 'upload', 'task', 'ami', 'snapshot', 'object'];

export function resourcesToDelete(plan: Pick<Plan, 'resources'>): ResourceToDelete[] {
  return plan.resources.filter((resource): resource is ResourceToDelete => resource.verdict === 'delete');
}

/** All that a sweep does something with. */
export function resourcesToChange(plan: Pick<Plan, 'resources'>): ResourceToChange[] {
  return plan.resources.filter((resource): resource is ResourceToChange => resource.verdict !== 'keep');
}

/** What `--max-deletes` counts: an AMI that is disabled is on its way; one that is deprecated or enabled again is not. */
export function countedDeletes(plan: Pick<Plan, 'resources'>): number {
  return resourcesToChange(plan).filter(({ verdict }) => verdict === 'delete' || verdict === 'disable')
    .length;
}

export interface Totals {
  readonly resources: number;
  /** Of uploads and objects. */
  readonly bytes: number;
  /** Of snapshots: an upper bound. */
  readonly snapshotBytes: number;
}

export function totalsOf(
  resources: readonly Partial<Pick<Resource, 'sizeBytes' | 'sizeIsUpperBound'>>[],
): Totals {
  const sum = (upperBound: boolean) =>
    resources
      .filter((resource) => (resource.sizeIsUpperBound ?? false) === upperBound)
      .reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0);
  return { resources: resources.length, bytes: sum(false), snapshotBytes: sum(true) };
}
