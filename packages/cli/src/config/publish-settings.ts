import type { Audience } from '@ec2-image/publish';
import type { DeprecationSetting, ShareSetting } from '../options/kinds/publish.ts';
import type { RequestedEncryption } from './encryption.ts';
import { label, located, type Origin } from './origin.ts';
import type { Setting } from './s3-settings.ts';

/** An AMI is published where one of these is given. */
export const publishKeys = ['regions', 'share', 'deprecate-after', 'ssm-parameter', 'ssm-latest'] as const;

/** How an AMI is published. */
export interface PublishSettings {
  /** Besides the region of the import, which is always one. `all`: those that the account has enabled. */
  readonly regions: readonly string[] | 'all';
  readonly exceptRegions: readonly string[];
  /** Their failure is a warning. */
  readonly bestEffortRegions: readonly string[];
  readonly copyMinutes?: number;
  /** Undefined: permissions stay as they are. */
  readonly audience?: Audience;
  readonly deprecation?: DeprecationSetting;
  /** Templates of the names of SSM parameters. */
  readonly parameter?: string;
  readonly latestParameter?: string;
}

/**
 * How the AMI is published; undefined where nothing asks for that.
 *
 * @throws UsageError `BAD_OPTION`, `SHARE_ENCRYPTED`
 */
export function publishSettingsOf(
  setting: Setting,
  { encryption, region }: { readonly encryption?: RequestedEncryption; readonly region?: string },
  origin: Origin,
): PublishSettings | undefined {
  const given = {
    regions: setting('regions'),
    share: setting('share'),
    deprecation: setting('deprecate-after'),
    parameter: setting('ssm-parameter'),
    latestParameter: setting('ssm-latest'),
  };
  const [except, bestEffort] = [setting('except-regions') ?? [], setting('best-effort-regions') ?? []];
  if (Object.values(given).every((value) => value === undefined)) return undefined;
  const regions = given.regions?.includes('all') ? 'all' : (given.regions ?? []);
  if (regions === 'all' && given.regions!.length > 1) {
    throw bad(
      `${label(origin)}regions: all cannot be combined with others`,
      origin,
      'Use all alone, or list regions.',
    );
  }
  const unknown = [...bestEffort].find(
    (one) => except.includes(one) || (regions !== 'all' && !regions.includes(one)),
  );
  if (unknown !== undefined) {
    throw bad(
      `${label(origin)}best-effort-regions: ${unknown} is not one of regions`,
      origin,
      'Add it to regions as well, or leave it out here.',
    );
  }
  if (region !== undefined && bestEffort.includes(region)) {
    throw bad(
      `${label(origin)}best-effort-regions: ${region} is the region of the import`,
      origin,
      'Leave it out: nothing can be copied where the import itself failed.',
    );
  }
  if (given.share?.public && encryption) {
    throw located(
      'SHARE_ENCRYPTED',
      `${label(origin)}share: public cannot be combined with encrypt`,
      origin,
      {
        hint: 'Share with accounts instead, or leave encrypt out: an encrypted AMI cannot be public.',
      },
    );
  }
  if (given.deprecation) requireDeprecable(given.deprecation, { isPublic: given.share?.public }, origin);
  if (given.parameter !== undefined && given.parameter === given.latestParameter) {
    throw bad(
      `${label(origin)}ssm-parameter and ssm-latest are the same`,
      origin,
      'Give names that differ: one stays with its AMI, the other moves.',
    );
  }
  const copyWithin = setting('copy-within');
  return {
    regions,
    exceptRegions: except,
    bestEffortRegions: bestEffort,
    ...(copyWithin !== undefined && { copyMinutes: copyWithin / 60 }),
    ...(given.share && { audience: audienceOf(given.share) }),
    ...(given.deprecation && { deprecation: given.deprecation }),
    ...(given.parameter !== undefined && { parameter: given.parameter }),
    ...(given.latestParameter !== undefined && { latestParameter: given.latestParameter }),
  };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeprecation.html, in years: from now, and of a public AMI from its creation. */
const latestDeprecation = { ofPublic: 2, ofOthers: 10 };
const daySeconds = 24 * 60 * 60;

/** EC2 would refuse it once the AMI is shared, and so too late. */
function requireDeprecable(
  deprecation: DeprecationSetting,
  { isPublic = false }: { readonly isPublic?: boolean },
  origin: Origin,
): void {
  const years = isPublic ? latestDeprecation.ofPublic : latestDeprecation.ofOthers;
  const days = years * 365;
  const latest = new Date();
  latest.setUTCFullYear(latest.getUTCFullYear() + years);
  const isTooLate =
    'at' in deprecation ? deprecation.at > latest.getTime() : deprecation.seconds > days * daySeconds;
  if (!isTooLate) return;
  throw bad(
    `${label(origin)}deprecate-after: EC2 deprecates ${isPublic ? 'a public' : 'an'} AMI after ${years} years at the latest`,
    origin,
    `Give ${days}d at most, or an earlier date.`,
  );
}

export function audienceOf(share: ShareSetting): Audience {
  return {
    accounts: share.accounts ?? [],
    organizations: share.organizations ?? [],
    organizationalUnits: share['organizational-units'] ?? [],
    public: share.public ?? false,
  };
}

function bad(message: string, origin: Origin, hint: string) {
  return located('BAD_OPTION', message, origin, { hint });
}
