import { createPartMemory } from '@ec2-image/s3-upload';
import pLimit from 'p-limit';
import { createClouds } from './aws/clouds.ts';
import { openLocalAccount } from './aws/local-account.ts';
import type { RequestedImport } from './config/import-request.ts';
import { kmsKeyFor } from './pipeline/encryption.ts';
import { planImage } from './pipeline/plan/plan-image.ts';
import type { ImagePlan } from './pipeline/plan/planned.ts';
import { openPublishMeans, type PublishFlags } from './pipeline/publish/means.ts';
import { openView, type RunOutput } from './render/choose-view.ts';
import type { CommonSettings } from './settings.ts';

/** Images looked for at a time. */
const maxImages = 8;

/**
 * What an import of each of them would do. Nothing is changed, in the account or on this machine.
 *
 * @throws where no image could be started: no region, no credentials
 */
export async function planImports({
  requests,
  settings,
  publishFlags,
  output,
}: {
  readonly requests: readonly RequestedImport[];
  readonly settings: CommonSettings;
  readonly publishFlags: Pick<PublishFlags, 'revoke' | 'force'>;
  readonly output: RunOutput;
}): Promise<ImagePlan[]> {
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const view = openView({ output, images: requests.map(({ name }) => name), log: settings.log });
  const { workDirectory, signal, log } = settings;
  const clouds = createClouds({
    connection: { ...settings.connection, ...local?.connection },
    allowUnknownAccount: settings.allowUnknownAccount,
    onNotice: view.notice,
    signal,
  });
  try {
    await Promise.all(requests.map(({ session }) => clouds.open(session)));
    for (const request of requests) kmsKeyFor(request, await clouds.open(request.session));
    const publishing = openPublishMeans({ requests, clouds, view, ...publishFlags, signal });
    const none = pLimit(1);
    return await pLimit(maxImages).map(requests, async (request) =>
      planImage({
        request: await (local?.complete(request) ?? request),
        cloud: await clouds.open(request.session),
        workDirectory,
        publishing,
        limits: {
          conversions: none,
          uploads: none,
          proofs: none,
          proofsAhead: none,
          partMemory: createPartMemory({ parts: 0 }),
        },
        cancelOnInterrupt: false,
        resumes: false,
        view,
        signal,
        log,
      }),
    );
  } finally {
    view.close();
  }
}
