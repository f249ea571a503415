import pLimit, { type LimitFunction } from 'p-limit';
import type { Clouds } from '../../aws/clouds.ts';
import { readRegions } from '../../aws/enabled-regions.ts';
import type { RequestedImport } from '../../config/import-request.ts';
import { CliError } from '../../errors/cli-error.ts';
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
  readonly signal: AbortSignal;
}

/**
 * What publishing needs beside the images. Where an image goes to every region, it asks once, with their number.
 *
 * @throws CliError `NOT_CONFIRMED`
 */
export async function openPublishMeans(options: PublishMeansOptions): Promise<PublishMeans> {
  const { clouds, revoke, force } = options;
  await confirmAllRegions(options);
  const limits = new Map<string, LimitFunction>();
  return {
    revoke,
    force,
    openRegion: ({ session }, region) => clouds.open({ ...session, region }),
    copies(region) {
      const limit = limits.get(region) ?? pLimit(copiesAtATime);
      limits.set(region, limit);
      return limit;
    },
  };
}

export function goesToAllRegions({ publish }: RequestedImport): boolean {
  return publish?.regions === 'all';
}

async function confirmAllRegions({ requests, clouds, confirm, signal }: PublishMeansOptions): Promise<void> {
  const everywhere = requests.filter(goesToAllRegions);
  if (!confirm || everywhere.length === 0) return;
  const numbers = await Promise.all(
    everywhere.map(async ({ session, publish }) => {
      const cloud = await clouds.open(session);
      const account = await readRegions(cloud, { signal });
      return regionsOf(publish!, { source: cloud.region, account }).length;
    }),
  );
  const names = everywhere.map(({ name }) => name).join(', ');
  if (await confirm(`${names}: an AMI in each of ${Math.max(...numbers)} regions?`)) return;
  throw new CliError('NOT_CONFIRMED', 'not confirmed: nothing was started', {
    hint: 'List the regions instead of all, or answer yes.',
  });
}
