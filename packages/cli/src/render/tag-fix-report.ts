import type { TagFix, TagFixOutcome, TagFixPlan } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';

/** One run of tag-fix, told or done. */
export interface TagFixResult {
  readonly plan: TagFixPlan;
  /** Undefined with --dry-run. */
  readonly outcomes?: readonly TagFixOutcome[];
}

export function tagFixExitCode({ plan, outcomes = [] }: TagFixResult): ExitCode {
  const failed =
    plan.refusals.length > 0 ||
    plan.fixes.some(({ conflicts }) => conflicts.length > 0) ||
    outcomes.some(({ outcome }) => outcome === 'failed');
  return worstExitCode([
    plan.gaps.length > 0 ? exitCodes.incomplete : exitCodes.done,
    failed ? exitCodes.failed : exitCodes.done,
  ]);
}

/** The one document of `tag-fix --json`. */
export function tagFixDocument({ plan, outcomes }: TagFixResult): object {
  const { fixes, refusals, gaps, account, regions } = plan;
  return {
    version: 1,
    'tag-fix': {
      account,
      regions,
      resources: fixes.map((fix) => {
        const done = outcomes?.find((outcome) => outcome.fix === fix);
        return {
          ...fix,
          ...(done && {
            outcome: done.outcome,
            after: done.after,
            ...(done.detail && { detail: done.detail }),
          }),
        };
      }),
      refusals,
      gaps,
    },
  };
}

/** `--quiet`: what was tagged, or with --dry-run would be. */
export function tagFixIds({ plan, outcomes }: TagFixResult): string[] {
  return outcomes
    ? outcomes.filter(({ outcome }) => outcome === 'tagged').map(({ fix }) => fix.id)
    : plan.fixes.filter(hasChanges).map(({ id }) => id);
}

/** Before and after of every resource with a missing or a different tag; one line for all the others. */
export function renderTagFix({ plan, outcomes }: TagFixResult): string {
  const { fixes, refusals, gaps } = plan;
  const remarkable = fixes.filter((fix) => isRemarkable(fix));
  return [
    ...remarkable.map((fix) =>
      renderFix(
        fix,
        outcomes?.find((outcome) => outcome.fix === fix),
      ),
    ),
    ...refusals.map(({ id, reason }) => `${id}: refused: ${reason}`),
    ...gaps.map(
      ({ what, ref, bucket, region, detail }) =>
        `Could not be read: ${what} of ${ref ?? bucket ?? region}: ${printable(detail)}`,
    ),
    ...renderSummary({ plan, outcomes }),
  ].join('\n\n');
}

/** As it is now: what this run has tagged lacks nothing any more. */
function renderSummary({ plan: { fixes, refusals, gaps }, outcomes = [] }: TagFixResult): string[] {
  if (fixes.length === 0) {
    return refusals.length + gaps.length > 0 ? [] : ['No AMIs or snapshots made by ec2-image were found.'];
  }
  const tagged = new Set(outcomes.filter(({ outcome }) => outcome !== 'failed').map(({ fix }) => fix));
  const complete = fixes.filter((fix) => fix.conflicts.length === 0 && (!hasChanges(fix) || tagged.has(fix)));
  return [`${complete.length} of ${fixes.length} AMIs and snapshots have all their tags.`];
}

function hasChanges({ add, replace }: TagFix): boolean {
  return Object.keys({ ...add, ...replace }).length > 0;
}

function isRemarkable(fix: TagFix): boolean {
  return hasChanges(fix) || fix.conflicts.length > 0;
}

function renderFix(fix: TagFix, done: TagFixOutcome | undefined): string {
  const { kind, id, region, proof, before, add, replace, conflicts } = fix;
  const state = done ? `${done.outcome}${done.detail ? ` (${done.detail})` : ''}` : 'would be tagged';
  const tags = [
    ...Object.entries(before).map(([key, value]) => `    ${key}=${value}`),
    ...Object.entries(add).map(([key, value]) => `  + ${key}=${value}`),
    ...Object.entries(replace).map(([key, value]) => `  ~ ${key}=${value}, instead of ${before[key]}`),
    ...conflicts.map(({ key, value, wanted }) => `  ! ${key}=${value}, expected ${wanted}: not changed`),
  ];
  return [`${kind} ${id} in ${region}${hasChanges(fix) ? `: ${state}` : ''} (${proof})`, ...tags]
    .map((line) => printable(line))
    .join('\n');
}
