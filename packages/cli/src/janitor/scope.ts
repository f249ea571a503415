import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { type CallOptions, createSender, type ServiceClock } from '@ec2-image/aws-call';
import type { RegionalClients } from '@ec2-image/janitor';
import { keyPrefix } from '@ec2-image/provenance';
import type { Cloud } from '../aws/cloud.ts';
import { createClouds } from '../aws/clouds.ts';
import { openLocalAccount } from '../aws/local-account.ts';
import { defaultKeyPrefix } from '../config/s3-settings.ts';
import { CliError, UsageError } from '../errors/cli-error.ts';
import type { Given } from '../options/given.ts';
import type { CommonSettings } from '../settings.ts';
import { regionalClients } from './regional-clients.ts';

/** What the commands that read a whole account take in place of the one region and bucket of an import. */
export interface ScopeFlags {
  readonly regions?: readonly string[];
  readonly allRegions: boolean;
  readonly buckets?: readonly string[];
  readonly keyPrefixes?: readonly string[];
  /** Beside those of the configuration's imports. Default none. */
  readonly moreRegions?: readonly string[];
}

/**
 * Those of a command line. Where every region is asked for, a region of the environment does not count.
 *
 * @throws UsageError
 */
export function scopeFlagsOf(given: Given): ScopeFlags {
  const allRegions = given.value('all-regions') ?? false;
  const hidden = allRegions && given.nameOf('region') !== '--region';
  const regions = hidden ? undefined : given.values('region');
  if (allRegions && regions) {
    throw new UsageError('USAGE', '--region and --all-regions are mutually exclusive', {
      hint: 'Leave out one of them.',
    });
  }
  return {
    regions,
    allRegions,
    buckets: given.values('bucket'),
    keyPrefixes: given.values('key-prefix'),
  };
}

/** An account, reached, and where in it to look. */
export interface AccountScope extends AsyncDisposable {
  readonly account: string;
  readonly clients: RegionalClients;
  readonly clock: ServiceClock;
  readonly outageTimeoutMs: number;
  readonly regions: readonly string[];
  readonly buckets: readonly string[];
  readonly prefixes: readonly string[];
  /** The configuration's images. */
  readonly names: readonly string[];
}

/**
 * Flags win over the configuration, which may name a region and a bucket for each image.
 *
 * @throws CliError `ACCOUNT_UNKNOWN`, where STS does not say whose the account is: nothing could be proven then
 */
export async function openScope(
  flags: ScopeFlags,
  settings: CommonSettings,
  onNotice?: (message: string) => void,
): Promise<AccountScope> {
  const local = settings.local ? await openLocalAccount(settings) : undefined;
  try {
    const { connection: given } = settings;
    const connection = { ...given, region: given.region ?? flags.regions?.[0], ...local?.connection };
    // Nothing could be proven to be created by ec2-image in an account that is not known.
    const cloud = await createClouds({
      connection,
      onNotice,
      signal: settings.signal,
      allowUnknownAccount: false,
    }).open();
    return {
      account: knownAccount(cloud),
      clients: regionalClients(cloud.connection),
      clock: connection.clock,
      outageTimeoutMs: connection.outageTimeoutMs,
      regions: flags.allRegions
        ? await enabledRegions(cloud, { signal: settings.signal, onNotice })
        : (flags.regions ?? [
            ...new Set([...configured('region', settings, cloud.region), ...(flags.moreRegions ?? [])]),
          ]),
      buckets: flags.buckets ?? configured('bucket', settings),
      prefixes: [
        ...new Set(
          (flags.keyPrefixes ?? configured('key-prefix', settings, defaultKeyPrefix)).map(keyPrefix),
        ),
      ],
      names: Object.keys(settings.file?.config.images ?? {}),
      [Symbol.asyncDispose]: async () => local?.[Symbol.asyncDispose](),
    };
  } catch (error) {
    await local?.[Symbol.asyncDispose]();
    throw error;
  }
}

function knownAccount({ account }: Cloud): string {
  if (account !== undefined) return account;
  throw new CliError('ACCOUNT_UNKNOWN', 'cannot determine the AWS account: STS did not answer', {
    hint: 'Without the account nothing can be proven to be yours: allow sts:GetCallerIdentity, or fix --endpoint-url.',
  });
}

/** Those that the account has opted into. */
async function enabledRegions({ ec2, calls }: Cloud, options: CallOptions): Promise<string[]> {
  const sender = createSender({ ...calls, ...options, client: ec2, service: 'EC2' });
  const { Regions } = await sender.send(new DescribeRegionsCommand({}));
  return (Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []).sort();
}

/** A key's values at the top of the file and under its images; `otherwise` where there is none, or an image has none. */
function configured(
  key: 'region' | 'bucket' | 'key-prefix',
  { file, connection }: CommonSettings,
  otherwise?: string,
): string[] {
  const top = (key === 'region' ? connection.region : file?.config[key]) ?? otherwise;
  const values = Object.values(file?.config.images ?? {}).map((image) => image[key] ?? top);
  return [...new Set(values.length > 0 ? values : [top])].filter((value) => value !== undefined);
}
