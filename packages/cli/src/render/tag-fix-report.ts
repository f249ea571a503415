import type { TagFix, TagFixOutcome, TagFixPlan } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { type ExitCode, exitCodes, worstExitCode } from '../exit-code.ts';

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
      things: fixes.map((fix) => {
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

/** Before and after of everything that lacks something, or has it otherwise; one line for all the rest. */
export function renderTagFix({ plan, outcomes }: TagFixResult): string {
  const { fixes, refusals, gaps } = plan;
  const remarkable = fixes.filter((fix) => isRemarkable(fix));
  const rest = fixes.length - remarkable.length;
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
        `not read: the ${what} of ${ref ?? bucket ?? region}: ${detail}`,
    ),
    ...(rest > 0 || fixes.length + refusals.length === 0
      ? [`${rest} of ${fixes.length} AMIs and snapshots of ours have all their tags.`]
      : []),
  ].join('\n\n');
}

function isRemarkable({ add, replace, conflicts }: TagFix): boolean {
  return Object.keys({ ...add, ...replace }).length > 0 || conflicts.length > 0;
}

function renderFix(
  { kind, id, region, proof, before, add, replace, conflicts }: TagFix,
  done: TagFixOutcome | undefined,
): string {
  const state = done ? `${done.outcome}${done.detail ? ` (${done.detail})` : ''}` : 'would be tagged';
  const changed = Object.keys({ ...add, ...replace }).length > 0;
  const tags = [
    ...Object.entries(before).map(([key, value]) => `    ${key}=${value}`),
    ...Object.entries(add).map(([key, value]) => `  + ${key}=${value}`),
    ...Object.entries(replace).map(([key, value]) => `  ~ ${key}=${value}, instead of ${before[key]}`),
    ...conflicts.map(
      ({ key, value, wanted }) => `  ! ${key}=${value}, where ${wanted} was expected: left as it is`,
    ),
  ];
  return [`${kind} ${id} in ${region}${changed ? `: ${state}` : ''} (it ${proof})`, ...tags]
    .map((line) => printable(line))
    .join('\n');
}
