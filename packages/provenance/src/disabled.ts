import type { Tags } from './tags.ts';

/**
 * What the janitor notes on a healthy AMI before it disables it, so that a later run, from any machine, knows that it
 * was not a person, and why: `disabled 2026-11-22T10:00:00Z superseded`.
 */
export const disabledKey = 'ec2-image:janitor';

/** DisableImage drops all launch permissions, and EnableImage does not bring them back: who had them, separated by spaces. */
export const launchPermissionsKey = 'ec2-image:launch-permissions';

/**
 * On a snapshot, from before its retired AMI is deregistered: the id of that AMI. A run that ends in between leaves a
 * snapshot without AMI, which the next one knows by it.
 */
export const retiredKey = 'ec2-image:retired';

export interface DisabledMark {
  /** `disabling` and `enabling` are noted before the call, `disabled` after it: a run may end between the two. */
  readonly phase: 'disabling' | 'disabled' | 'enabling';
  /** UTC, to the second. */
  readonly at: string;
  /** What asked for it: --superseded or --ami of the janitor, or `retire`. */
  readonly because: 'superseded' | 'named' | 'retired';
}

export function formatDisabledMark({ phase, at, because }: DisabledMark): string {
  return `${phase} ${at} ${because}`;
}

/** Undefined where there is none, or it says nothing that is known. */
export function readDisabledMark(tags: Tags): DisabledMark | undefined {
  const match =
    /^(disabling|disabled|enabling) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (superseded|named|retired)$/.exec(
      tags[disabledKey] ?? '',
    );
  if (!match) return undefined;
  const [, phase, at, because] = match as unknown as [
    string,
    DisabledMark['phase'],
    string,
    DisabledMark['because'],
  ];
  return { phase, at, because };
}

/** @param tags with the note of {@link launchPermissionsKey}, or without: then there were none */
export function notedLaunchPermissions(tags: Tags): string[] {
  return (tags[launchPermissionsKey] ?? '').split(' ').filter((who) => who !== '');
}
