import pLimit, { type LimitFunction } from 'p-limit';
import type { Clouds } from '../../aws/clouds.ts';
import { readRegions } from '../../aws/enabled-regions.ts';
import type { RequestedImport } from '../../config/import-request.ts';
import { CliError } from '../../errors/cli-error.ts';
import type { RunView } from '../progress.ts';
import type { PublishMeans } from '../publishing.ts';
import { regionsOf } from './regions.ts';

/** Of one account to one region: https://docs.aws.amazon.com/general/latest/gr/ebs-service.html, and not adjustable. */
const copiesAtATime = 20;

/** What the command line says of publishing. */
export interface PublishFlags {
  readonly revoke: boolean;
  readonly force: boolean;
  /** Asks before copies go to every region; undefined where that is confirmed already. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface PublishMeansOptions extends PublishFlags {
  readonly requests: readonly RequestedImport[];
  readonly clouds: Clouds;
  readonly view: Pick<RunView, 'pause'>;
  readonly signal: AbortSignal;
}

/** What publishing needs beside the images. */
export function openPublishMeans(options: PublishMeansOptions): PublishMeans {
  const { clouds, revoke, force } = options;
  const limits = new Map<string, LimitFunction>();
  let confirmation: Promise<void> | undefined;
  return {
    revoke,
    force,
    openRegion: ({ session }, region) => clouds.open({ ...session, region }),
    copies(region) {
      const limit = limits.get(region) ?? pLimit(copiesAtATime);
      limits.set(region, limit);
      return limit;
    },
    async confirmCopies(request) {
      if (!goesToAllRegions(request)) return;
      confirmation ??= confirmAllRegions(options);
      await confirmation;
    },
  };
}

export function goesToAllRegions({ publish }: RequestedImport): boolean {
  return publish?.regions === 'all';
}

/** Asks, with the number of regions. */
async function confirmAllRegions({
  requests,
  clouds,
  confirm,
  view,
  signal,
}: PublishMeansOptions): Promise<void> {
  if (!confirm) return;
  const everywhere = requests.filter(goesToAllRegions);
  const numbers = await Promise.all(
    everywhere.map(async ({ session, publish }) => {
      const cloud = await clouds.open(session);
      const account = await readRegions(cloud, { signal });
      return regionsOf(publish!, { source: cloud.region, account }).length;
    }),
  );
  const names = everywhere.map(({ name }) => name).join(', ');
  using _ = view.pause();
  if (await confirm(`${names}: an AMI in each of ${Math.max(...numbers)} regions?`)) return;
  throw new CliError('NOT_CONFIRMED', 'not confirmed: nothing was copied', {
    hint: 'List the regions instead of all, or answer yes.',
  });
}
