export type { RegionalClients } from './clients.ts';
export { JanitorError } from './errors.ts';
export type {
  BucketFact,
  Facts,
  Gap,
  ImageFact,
  Kind,
  ObjectFact,
  ResourceFact,
  SnapshotFact,
  TaskFact,
  UploadFact,
} from './facts.ts';
export { type FindOptions, findLeftovers } from './find-leftovers.ts';
export { type FindAmisOptions, type FoundAmis, findAmis } from './inventory/find-amis.ts';
export {
  type FindUnfinishedOptions,
  type FoundUnfinished,
  findUnfinished,
} from './inventory/find-unfinished.ts';
export { type AmisByName, byName, type ListedAmi } from './inventory/list-amis.ts';
export type { Unfinished } from './inventory/unfinished.ts';
export type { KeepCode, Suggestion } from './judge/keep.ts';
export { explainMissing, type NarrowedPlan, narrowPlan } from './narrow-plan.ts';
export {
  countedDeletes,
  kindsInOrder,
  type Plan,
  type Resource,
  type ResourceToChange,
  type ResourceToDelete,
  type ResourceToKeep,
  resourcesToChange,
  resourcesToDelete,
  type Totals,
  totalsOf,
} from './plan.ts';
export { planRetirement } from './plan-retirement.ts';
export { planSweep } from './plan-sweep.ts';
export {
  defaultMaxDeletes,
  defaultPolicy,
  type Policy,
  planLifetimeMs,
  type RetainedStream,
} from './policy.ts';
export { type FindRecycledOptions, findRecycled, type Recycled, type RecycledFound } from './recycle-bin.ts';
export {
  checkSavedPlan,
  type NamedChange,
  type NamedResource,
  parsePlan,
  type SavedPlan,
} from './saved-plan.ts';
export type { Scope } from './scan/scan-account.ts';
export { type SweepOptions, sweep } from './sweep.ts';
export type { SweepOutcome } from './sweep-outcome.ts';
export type { Adoption } from './tag-fix/adopt.ts';
export { type ApplyTagFixOptions, applyTagFix, type TagFixOutcome } from './tag-fix/apply-tag-fix.ts';
export { type FindMissingTagsOptions, findMissingTags } from './tag-fix/find-missing-tags.ts';
export { planTagFix, type TagFixPlan, type TagFixRequest } from './tag-fix/plan-tag-fix.ts';
export type { TagFix } from './tag-fix/tag-fix.ts';
export {
  type FindWorkFilesOptions,
  findWorkFiles,
  type RemoveWorkFilesOptions,
  removeWorkFiles,
  type WorkFiles,
} from './work-files.ts';
