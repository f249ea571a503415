import { createClouds } from './aws/clouds.ts';
import { openLocalAccount } from './aws/local-account.ts';
import type { RequestedImport } from './config/import-request.ts';
import type { PublishResult } from './outcome.ts';
import { openPublishMeans, type PublishFlags } from './pipeline/publish/means.ts';
import { publishExisting } from './pipeline/publish/publish-existing.ts';
import { openView, type RunOutput } from './render/choose-view.ts';
import type { CommonSettings } from './settings.ts';

/**
 * Publishes the AMIs of all of them side by side; one that fails stops no other.
 *
 * @throws where no image could be started: no region, no credentials
 */
export async function runPublishes({
  requests,
  settings,
  flags,
  output,
  onEnded,
}: {
  readonly requests: readonly RequestedImport[];
  readonly settings: CommonSettings;
  readonly flags: PublishFlags;
  readonly output: RunOutput;
  /** Called with each image as soon as it has ended. */
  readonly onEnded?: (result: PublishResult) => void;
}): Promise<PublishResult[]> {
  const { signal, log, allowUnknownAccount } = settings;
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const view = openView({ output, images: requests.map(({ name }) => name), log });
  const connection = { ...settings.connection, ...local?.connection };
  const clouds = createClouds({ connection, allowUnknownAccount, onNotice: view.notice, signal });
  try {
    await Promise.all(requests.map(({ session }) => clouds.open(session)));
    const means = openPublishMeans({ ...flags, requests, clouds, view, signal });
    return await Promise.all(
      requests.map(async (request) => {
        const cloud = await clouds.open(request.session);
        const result = await publishExisting({
          request,
          cloud,
          means,
          view,
          log,
          signal,
          resumes: true,
        });
        onEnded?.(result);
        return result;
      }),
    );
  } finally {
    view.close();
  }
}
