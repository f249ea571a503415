const hourMs = 3_600_000;

/** What a plan is to hold back or may take. Every field makes part of the plan, so that it can be looked over and carried out later. */
export interface Policy {
  /** Minimum age: nothing that was active more recently is deleted. Default 24 hours. */
  readonly olderThanMs: number;
  /** Resources with one of these tags are kept; without a value, whatever theirs is. `permanent=true` always is among them. */
  readonly keepTags: readonly { readonly key: string; readonly value?: string }[];
  /** Resources named `<name>-i<suffix>` with one of these suffixes are kept. */
  readonly keepSuffixes: readonly string[];
  /** Healthy AMIs to delete, by id. */
  readonly amis: readonly string[];
  /** Delete healthy AMIs that have a newer healthy one of the same stream beside them: `ec2-image:name` and architecture. */
  readonly superseded: boolean;
  /** Deregister healthy AMIs at once, where otherwise they are disabled and a later run deregisters them. */
  readonly deregisterNow: boolean;
  /** Judges the AMIs of these streams and their snapshots by their retention, and nothing else. Default: undefined. */
  readonly retain?: readonly RetainedStream[];
  /** Names of the configuration's images: an AMI called after one without proof that ec2-image created it is reported. */
  readonly names: readonly string[];
}

/** How much of a stream stays: the newest `count`, and what is younger than `ageMs`. In each region and architecture. */
export interface RetainedStream {
  /** `ec2-image:name`. */
  readonly name: string;
  /** At least 1: the newest always stays. */
  readonly count: number;
  /** Undefined: age alone keeps nothing. */
  readonly ageMs?: number;
  /** How long a deprecated AMI keeps its sharing, from its deprecation on. */
  readonly graceMs: number;
  /** Whether the configuration says who may launch its AMIs: then that is what an enabled one gets, and not what was noted. */
  readonly sharedByConfiguration: boolean;
}

export const defaultPolicy: Policy = {
  olderThanMs: 24 * hourMs,
  keepTags: [],
  keepSuffixes: [],
  amis: [],
  superseded: false,
  deregisterNow: false,
  names: [],
};

/** How many resources one sweep may delete where nothing else is said. */
export const defaultMaxDeletes = 50;

/** How long a plan may be carried out after it was made. */
export const planLifetimeMs = 24 * hourMs;
