import type { sweep } from '@ec2-image/janitor';
import { provenanceKeys } from '@ec2-image/provenance';
import { readPublished, shareAmi } from '@ec2-image/publish';
import type { AccountScope } from '../janitor/scope.ts';
import { whyNotPublishable } from '../pipeline/publish/publishable.ts';
import type { RetiredImage } from './retired-images.ts';

type Restore = NonNullable<Parameters<typeof sweep>[0]['restoreSharing']>;

/**
 * Shares an AMI that is enabled again, and its snapshots, with whom the configuration names, where `publish` would. Revokes
 * nothing.
 */
export function restoreSharing(
  images: readonly RetiredImage[],
  {
    clients,
    clock,
    outageTimeoutMs,
    signal,
    onNotice,
  }: Pick<AccountScope, 'clients' | 'clock' | 'outageTimeoutMs'> & {
    readonly signal: AbortSignal;
    readonly onNotice: (message: string) => void;
  },
): Restore {
  return async ({ region, imageId, tags }) => {
    const image = images.find(({ retained }) => retained.name === tags[provenanceKeys.name]);
    if (!image?.audience) return;
    const { audience, demands } = image;
    const reason = whyNotPublishable(tags, demands);
    if (reason !== undefined)
      return onNotice(`${imageId} in ${region} is enabled, but not shared: ${reason}`);
    const ec2 = { client: clients.ec2(region), clock, outageTimeoutMs, signal };
    await shareAmi({ ...ec2, audience, found: await readPublished({ ...ec2, region, imageId }) });
  };
}
