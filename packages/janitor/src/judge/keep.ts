import { parseAmiName, type Tags } from '@ec2-image/provenance';
import type { Policy } from '../policy.ts';

/** Why a resource is kept. Stable words: scripts match on them. */
export type KeepCode =
  | 'unread' // a list or check that it depends on failed
  | 'no-proof' // only its name or place resembles ours
  | 'live' // work goes on
  | 'in-use'
  | 'shared'
  | 'protected'
  | 'no-age'
  | 'too-recent'
  | 'resumable' // an import can go on from it
  | 'lacks-tags' // a healthy AMI that tag-fix completes
  | 'healthy' // nobody asked for it
  | 'not-found'; // named with --ami, and not there

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

/** `examine`: it would be deleted, if a closer look finds nothing against it. */
export type Verdict = Keep | Delete | { readonly verdict: 'examine' };

export function keep(code: KeepCode, reason: string, suggestion?: Suggestion): Keep {
  return { verdict: 'keep', code, reason, ...(suggestion && { suggestion }) };
}

/** Rule 8, as far as tags tell. */
export function protectedByTags(tags: Tags, { keepTags }: Pick<Policy, 'keepTags'>): Keep | undefined {
  for (const [key, value] of Object.entries(tags)) {
    if (key.startsWith('aws:') || key === 'dlm:managed') {
      return keep('protected', `an AWS service looks after it (tag ${key})`);
    }
    const wanted = keepTags.find(
      (tag) => tag.key === key && (tag.value === undefined || tag.value === value),
    );
    if (wanted || (key === 'permanent' && value === 'true')) {
      return keep('protected', `it is tagged ${key}=${value}`);
    }
  }
  return undefined;
}

/** `names` are whatever the resource is called: its AMI's name, its `Name` tag, the name in its key. */
export function keptBySuffix(
  names: readonly (string | undefined)[],
  { keepSuffixes }: Pick<Policy, 'keepSuffixes'>,
): Keep | undefined {
  const suffix = keepSuffixes.find((wanted) =>
    names.some(
      (name) => name !== undefined && (name.endsWith(`-i${wanted}`) || parseAmiName(name)?.suffix === wanted),
    ),
  );
  return suffix === undefined ? undefined : keep('protected', `its suffix is ${suffix}, which is kept`);
}

/** Rule 4: the age floor, from the newest sign of life. Undefined: old enough. */
export function tooRecent({
  lastActivityAt,
  now,
  minimumAgeMs,
  what,
}: {
  readonly lastActivityAt: number | undefined;
  readonly now: number;
  readonly minimumAgeMs: number;
  /** What the time is of: "its newest part". */
  readonly what: string;
}): Keep | undefined {
  if (lastActivityAt === undefined) return keep('no-age', `its age is unknown: ${what} has no time`);
  if (now - lastActivityAt >= minimumAgeMs) return undefined;
  return keep(
    'too-recent',
    `${what} is from ${new Date(lastActivityAt).toISOString()}, younger than ${hours(minimumAgeMs)}`,
  );
}

export function newest(...times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

export function hours(ms: number): string {
  const value = ms / 3_600_000;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} h`;
}
