import type { AccountRegions } from '../../aws/enabled-regions.ts';
import type { PublishSettings } from '../../config/publish-settings.ts';
import { CliError } from '../../errors/cli-error.ts';
import { didYouMean } from '../../options/suggest.ts';

export interface WantedRegion {
  readonly region: string;
  /** False: its failure is a warning. */
  readonly required: boolean;
}

/**
 * The regions that an AMI is to be in, that of the import first. One that the account has not enabled, or that does not exist, is
 * told before anything is done; of the best-effort regions it stays in the list and fails there.
 *
 * @param source the region of the import
 * @throws CliError `REGION_NOT_ENABLED`, `REGION_UNKNOWN`
 */
export function regionsOf(
  { regions, exceptRegions, bestEffortRegions }: PublishSettings,
  { source, account }: { readonly source: string; readonly account: AccountRegions },
): WantedRegion[] {
  const named = regions === 'all' ? account.enabled : regions;
  const wanted = [...new Set(named)].filter((region) => region !== source && !exceptRegions.includes(region));
  const all = [
    { region: source, required: true },
    ...wanted.map((region) => ({ region, required: !bestEffortRegions.includes(region) })),
  ];
  const reasons = all
    .filter(({ required }) => required)
    .flatMap(({ region }) => whyNot(region, account) ?? []);
  const [first] = reasons;
  if (first) throw first;
  return all;
}

/** Why nothing can be copied there; undefined where it can. */
function whyNot(region: string, { enabled, others }: AccountRegions): CliError | undefined {
  if (enabled.includes(region)) return undefined;
  if (others.includes(region)) {
    return new CliError('REGION_NOT_ENABLED', `the account has not enabled the region ${region}`, {
      hint: `Enable it (\`aws account enable-region --region-name ${region}\`, which takes minutes to hours), or leave it out of regions.`,
      facts: { region },
    });
  }
  return new CliError(
    'REGION_UNKNOWN',
    `there is no region ${region}${didYouMean(region, [...enabled, ...others])}`,
    { hint: 'Correct regions.', facts: { region } },
  );
}
