import type { DisabledMark, Tags } from '@ec2-image/provenance';
import type { Policy } from '../policy.ts';

/** Why a resource is kept. Stable words: scripts match on them. docs/janitor.md explains each. */
export const keepCodes = [
  'unread',
  'no-proof',
  'live',
  'in-use',
  'shared',
  'protected',
  'no-age',
  'too-recent',
  'resumable',
  'lacks-tags',
  'retained',
  'in-grace',
  'healthy',
] as const;

export type KeepCode = (typeof keepCodes)[number];

/** A command line of ec2-image, `ec2-image` itself left out. */
export type Suggestion = readonly string[];

export interface Keep {
  readonly verdict: 'keep';
  readonly code: KeepCode;
  readonly reason: string;
  readonly suggestion?: Suggestion;
}

export interface Delete {
  readonly verdict: 'delete';
  /** A predicate: "is tagged …". */
  readonly proof: string;
}

/** A healthy AMI that a later run may delete. */
export interface Disable {
  readonly verdict: 'disable';
  /** A predicate: "is superseded by …". */
  readonly proof: string;
  readonly because: DisabledMark['because'];
}

/** A healthy AMI that is older than its stream retains. */
export interface Deprecate {
  readonly verdict: 'deprecate';
  /** A predicate: "is older than …". */
  readonly proof: string;
}

/** An AMI that the janitor disabled, and that is wanted after all. */
export interface Enable {
  readonly verdict: 'enable';
  readonly reason: string;
}

/** `examine`: it would be deleted, if a closer look finds nothing against it. */
export type Verdict = Keep | Delete | Deprecate | Disable | Enable | { readonly verdict: 'examine' };

export function keep(code: KeepCode, reason: string, suggestion?: Suggestion): Keep {
  return { verdict: 'keep', code, reason, ...(suggestion && { suggestion }) };
}

/** Rule 8 of docs/janitor.md, as far as tags tell. */
export function protectedByTags(tags: Tags, { keepTags }: Pick<Policy, 'keepTags'>): Keep | undefined {
  for (const [key, value] of Object.entries(tags)) {
    if (key.startsWith('aws:') || key === 'dlm:managed') {
      return keep('protected', `managed by an AWS service (tag ${key})`);
    }
    const wanted = keepTags.find(
      (tag) => tag.key === key && (tag.value === undefined || tag.value === value),
    );
    if (wanted || (key === 'permanent' && value === 'true')) {
      return keep('protected', `tagged ${key}=${value}`);
    }
  }
  return undefined;
}

/** `names` are whatever the resource is called: its AMI's name, its `Name` tag, the name in its key. */
export function keptBySuffix(
  names: readonly (string | undefined)[],
  { keepSuffixes }: Pick<Policy, 'keepSuffixes'>,
): Keep | undefined {
  const suffix = keepSuffixes.find((wanted) => names.some((name) => name?.endsWith(`-i${wanted}`)));
  return suffix === undefined ? undefined : keep('protected', `suffix ${suffix} (--keep-suffix)`);
}

/** Rule 4 of docs/janitor.md: the minimum age, counted from the last activity. Undefined: old enough. */
export function tooRecent({
  lastActivityAt,
  now,
  minimumAgeMs,
  event,
}: {
  readonly lastActivityAt: number | undefined;
  readonly now: number;
  readonly minimumAgeMs: number;
  /** What happened then: "modified". */
  readonly event: string;
}): Keep | undefined {
  if (lastActivityAt === undefined) {
    return keep('no-age', `age unknown: AWS reports no time at which it was ${event}`);
  }
  const ageMs = now - lastActivityAt;
  if (ageMs >= minimumAgeMs) return undefined;
  return keep(
    'too-recent',
    `${event} ${shortDuration(Math.max(ageMs, 0))} ago (minimum age ${shortDuration(minimumAgeMs)})`,
  );
}

export function newest(...times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

/** To the minute from a minute on: `4m`, `24h`, `1h 30m`. */
function shortDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return `${Math.floor(ms / 1000)}s`;
  const parts = [minutes >= 60 && `${Math.floor(minutes / 60)}h`, minutes % 60 > 0 && `${minutes % 60}m`];
  return parts.filter(Boolean).join(' ');
}
