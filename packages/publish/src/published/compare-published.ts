import { describeGrantees, type Grantee, granteesOf, type Shared } from '../audience.ts';
import type { ParameterValue } from '../parameters/read-parameters.ts';
import type { ConfiguredAmi, Protection, PublishedAmi } from './published-ami.ts';

/** One thing that is not as it is configured, and what makes it so. */
export type Change =
  | {
      readonly step: 'copy';
      readonly region: string;
      /** An AMI that is deregistered for it. */
      readonly replaces?: string;
    }
  | {
      readonly step: 'share';
      readonly action: 'grant' | 'revoke';
      readonly of: Shared;
      /** Undefined of what is not copied yet. */
      readonly id?: string;
      readonly grantees: readonly Grantee[];
    }
  | { readonly step: 'deprecate'; readonly at: number; readonly found?: number }
  | { readonly step: 'protect'; readonly protection: Protection; readonly found?: string }
  | {
      readonly step: 'announce';
      readonly parameter: string;
      readonly latest: boolean;
      /** What it holds; undefined of a parameter that does not exist. */
      readonly found?: string;
    };

const minuteMs = 60_000;
/** Of a parameter whose value SSM has validated. */
const amiDataType = 'aws:ec2:image';
/** A time that has passed is set to the next whole minute: so much later an AMI may be deprecated, and is as configured. */
const soonMs = 5 * minuteMs;

/** It takes something away from somebody: nothing that a run may do without being told to. */
export function isRevoking(change: Change): boolean {
  return change.step === 'share' && change.action === 'revoke';
}

export interface Compared {
  /** The owner, to whom nothing need be granted. */
  readonly account?: string;
  readonly region: string;
  /** Milliseconds since 1970: EC2 takes no deprecation in the past. */
  readonly now: number;
  /** What the parameters hold where no AMI is found. Default: they do not exist. */
  readonly parameters?: readonly ParameterValue[];
}

/**
 * What has to be changed for the AMI to be as configured, in the order of effects; nothing where it is so already. Both the plan of a
 * run and its validation: at the end it must be empty.
 *
 * @param found undefined where the region has no copy yet
 */
export function comparePublished(
  configured: ConfiguredAmi,
  found: PublishedAmi | undefined,
  { account, region, now, parameters = [] }: Compared,
): Change[] {
  const copy: Change[] = found ? [] : [{ step: 'copy', region }];
  return [
    ...copy,
    ...permissionChanges(configured, found, account),
    ...deprecationChanges(configured, found, now),
    ...protectionChanges(configured, found),
    ...parameterChanges(configured, found, found?.parameters ?? parameters),
  ];
}

/** Revoked first, AMI before snapshot; granted on the snapshot first: an AMI that can be launched can be copied, too. */
function permissionChanges(
  { audience }: ConfiguredAmi,
  found: PublishedAmi | undefined,
  account: string | undefined,
): Change[] {
  if (!audience) return [];
  const wanted = {
    ami: granteesOf(audience, 'ami', account),
    snapshot: granteesOf(audience, 'snapshot', account),
  };
  const snapshots = found?.snapshots ?? [{ snapshotId: undefined, grantees: [], isSharedByAmis: false }];
  const amis = [{ id: found?.imageId, grantees: found?.grantees ?? [] }];
  const change = (
    action: 'grant' | 'revoke',
    of: Shared,
    { id, grantees }: { readonly id?: string; readonly grantees: readonly Grantee[] },
  ): Change[] =>
    grantees.length > 0 ? [{ step: 'share', action, of, ...(id !== undefined && { id }), grantees }] : [];
  const surplus = (has: readonly Grantee[], of: Shared) =>
    has.filter((who) => who !== account && !wanted[of].includes(who));
  const missing = (has: readonly Grantee[], of: Shared) => wanted[of].filter((who) => !has.includes(who));
  return [
    ...amis.flatMap(({ id, grantees }) =>
      change('revoke', 'ami', { id, grantees: surplus(grantees, 'ami') }),
    ),
    ...snapshots.flatMap(({ snapshotId: id, grantees, isSharedByAmis }) =>
      isSharedByAmis ? [] : change('revoke', 'snapshot', { id, grantees: surplus(grantees, 'snapshot') }),
    ),
    ...snapshots.flatMap(({ snapshotId: id, grantees }) =>
      change('grant', 'snapshot', { id, grantees: missing(grantees, 'snapshot') }),
    ),
    ...amis.flatMap(({ id, grantees }) => change('grant', 'ami', { id, grantees: missing(grantees, 'ami') })),
  ];
}

/** A time that has passed can no longer be set: an AMI that is deprecated already is as configured. */
function deprecationChanges(
  { deprecateAt }: ConfiguredAmi,
  found: PublishedAmi | undefined,
  now: number,
): Change[] {
  if (deprecateAt === undefined) return [];
  const at = Math.round(deprecateAt / minuteMs) * minuteMs;
  const current = found?.deprecatedAt;
  const isDeprecated = current !== undefined && current <= now + soonMs;
  if (current === at || (at <= now && isDeprecated)) return [];
  return [{ step: 'deprecate', at, ...(current !== undefined && { found: current }) }];
}

function protectionChanges({ protection }: ConfiguredAmi, found: PublishedAmi | undefined): Change[] {
  if (protection === undefined) return [];
  const current = found?.protection ?? 'disabled';
  const isSame = protection === 'disabled' ? current.startsWith(protection) : current === protection;
  return isSame ? [] : [{ step: 'protect', protection, found: current }];
}

/** `latest` moves last. */
function parameterChanges(
  { parameters }: ConfiguredAmi,
  found: PublishedAmi | undefined,
  values: readonly ParameterValue[],
): Change[] {
  return [...parameters]
    .sort((a, b) => Number(a.latest) - Number(b.latest))
    .flatMap(({ name, latest }): Change[] => {
      const { value, dataType } = values.find((one) => one.name === name) ?? {};
      if (found && value === found.imageId && dataType === amiDataType) return [];
      return [{ step: 'announce', parameter: name, latest, ...(value !== undefined && { found: value }) }];
    });
}

/** What the change does, as a clause: `share snap-… with 123456789012`. */
export function describeChange(change: Change): string {
  switch (change.step) {
    case 'copy':
      return `copy to ${change.region}${change.replaces === undefined ? '' : ` in place of ${change.replaces}`}`;
    case 'share': {
      const { action, of, id = of === 'ami' ? 'the AMI' : 'its snapshot', grantees } = change;
      const who = describeGrantees(grantees);
      return action === 'grant' ? `share ${id} with ${who}` : `revoke ${id} from ${who}`;
    }
    case 'deprecate':
      return `deprecate at ${formatMinute(change.at)}`;
    case 'protect':
      return `deregistration protection ${change.protection}`;
    case 'announce': {
      const { parameter, found } = change;
      return found === undefined ? `create ${parameter}` : `move ${parameter} from ${found}`;
    }
  }
}

/** What is not so yet, for the error of a validation: `snap-… is not shared with …`. */
export function describeDifference(change: Change): string {
  switch (change.step) {
    case 'copy':
      return `there is no copy in ${change.region}`;
    case 'share': {
      const { action, id, of, grantees } = change;
      const who = describeGrantees(grantees);
      return `${id ?? `the ${of}`} is ${action === 'grant' ? 'not' : 'still'} shared with ${who}`;
    }
    case 'deprecate':
      return `it is deprecated ${change.found === undefined ? 'never' : `at ${formatMinute(change.found)}`}, not at ${formatMinute(change.at)}`;
    case 'protect':
      return `its deregistration protection is ${change.found ?? 'unknown'}, not ${change.protection}`;
    case 'announce':
      return `parameter ${change.parameter} ${change.found === undefined ? 'does not exist' : `holds ${change.found}`}`;
  }
}

/** `2027-02-25T10:00Z`. */
function formatMinute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}
