import type { Cloud } from '../../aws/cloud.ts';
import { readRegions } from '../../aws/enabled-regions.ts';
import type { RequestedImport } from '../../config/import-request.ts';
import { kmsKeyFor } from '../encryption.ts';
import { regionsOf, type WantedRegion } from './regions.ts';

interface Regional {
  readonly request: RequestedImport;
  readonly cloud: Cloud;
  readonly signal: AbortSignal;
}

/** Before anything is asked of EC2: whether the regions are there, and a key for each. */
export async function checkRegions(job: Regional): Promise<void> {
  const { request } = job;
  if (!request.publish) return;
  for (const { region } of await wantedRegions(job)) if (request.encryption) kmsKeyFor(request, { region });
}

/** The regions of a request that is published. */
export async function wantedRegions({ request, cloud, signal }: Regional): Promise<WantedRegion[]> {
  const account = await readRegions(cloud, { signal });
  return regionsOf(request.publish!, { source: cloud.region, account });
}
