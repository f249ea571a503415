import type { sweep } from '@ec2-image/janitor';
import { provenanceKeys } from '@ec2-image/provenance';
import { readPublished, shareAmi } from '@ec2-image/publish';
import type { AccountScope } from '../janitor/scope.ts';
import type { RetiredImage } from './retired-images.ts';

type Restore = NonNullable<Parameters<typeof sweep>[0]['restoreSharing']>;

/** Shares an AMI that is enabled again, and its snapshots, with whom the configuration names. Revokes nothing. */
export function restoreSharing(
  images: readonly RetiredImage[],
  {
    clients,
    clock,
    outageTimeoutMs,
    signal,
  }: Pick<AccountScope, 'clients' | 'clock' | 'outageTimeoutMs'> & { readonly signal: AbortSignal },
): Restore {
  return async ({ region, imageId, tags }) => {
    const audience = images.find(({ retained }) => retained.name === tags[provenanceKeys.name])?.audience;
    if (!audience) return;
    const ec2 = { client: clients.ec2(region), clock, outageTimeoutMs, signal };
    await shareAmi({ ...ec2, audience, found: await readPublished({ ...ec2, region, imageId }) });
  };
}
