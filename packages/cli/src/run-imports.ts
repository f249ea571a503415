import { availableParallelism } from 'node:os';
import { imageFileName } from '@ec2-image/fetch';
import { createPartMemory } from '@ec2-image/s3-upload';
import pLimit from 'p-limit';
import { type Clouds, createClouds } from './aws/clouds.ts';
import { openLocalAccount } from './aws/local-account.ts';
import type { RequestedImport } from './config/import-request.ts';
import { describeSession } from './config/session.ts';
import { kmsKeyFor } from './pipeline/encryption.ts';
import { createRunHistory, type RunHistory } from './pipeline/history.ts';
import { importImage } from './pipeline/import-image.ts';
import { openPublishMeans, type PublishFlags } from './pipeline/publish/means.ts';
import { openView, type RunOutput } from './render/choose-view.ts';
import type { TimedImage } from './render/import-report.ts';
import type { CommonSettings } from './settings.ts';

/** Images under way at a time: most of a run is waiting for a server or for EC2. */
const maxImages = 8;
/** Of them, those that upload a file or a stream. */
const maxUploads = 2;
/** Of all that upload what they make, at a time: as many as the others have. */
const maxMadeParts = 8;

/**
 * Imports all of them side by side; one that fails stops no other.
 *
 * @throws where no image could be started: no region, no credentials
 */
export async function runImports({
  requests,
  settings,
  publishFlags,
  cancelOnInterrupt,
  output,
  resumes,
  history = createRunHistory(),
  onEnded,
}: {
  readonly requests: readonly RequestedImport[];
  readonly settings: CommonSettings;
  readonly publishFlags: PublishFlags;
  readonly cancelOnInterrupt: boolean;
  readonly output: RunOutput;
  /** The same command continues from what this run leaves. */
  readonly resumes: boolean;
  /** Called with each image as soon as it has ended. */
  readonly onEnded?: (image: TimedImage) => void;
  /** What happens is recorded here. */
  readonly history?: RunHistory;
}): Promise<TimedImage[]> {
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const view = history.recorded(
    openView({ output, images: requests.map(({ name }) => name), log: settings.log }),
  );
  const clouds = createClouds({
    connection: {
      ...settings.connection,
      ...local?.connection,
      onCall(call) {
        history.call(call);
        settings.connection.onCall?.(call);
      },
    },
    allowUnknownAccount: settings.allowUnknownAccount,
    onNotice: view.notice,
    signal: settings.signal,
  });
  try {
    // The first region is reached before any image starts: credentials that are missing fail the run once, not each image.
    await Promise.all(requests.map(({ session }) => clouds.open(session)));
    for (const request of requests) kmsKeyFor(request, await clouds.open(request.session));
    await nameSessions(requests, { clouds, notice: view.notice });
    for (const [index, request] of requests.entries()) {
      const same = requests.slice(0, index).find((other) => imageKey(other) === imageKey(request));
      // A fresh one makes everything of its own.
      if (same && !request.fresh)
        view.notice(`same image as ${same.name}: what both need is made once`, request.name);
    }
    const { signal } = settings;
    const publishing = openPublishMeans({ ...publishFlags, requests, clouds, view, signal });
    const images = pLimit(maxImages);
    const limits = {
      conversions: pLimit(Math.max(1, availableParallelism() >> 1)),
      uploads: pLimit(maxUploads),
      partMemory: createPartMemory({ parts: maxMadeParts }),
      proofs: pLimit(Math.max(1, availableParallelism() >> 1)),
      proofsAhead: pLimit(1),
    };
    return await Promise.all(
      requests.map((request) =>
        images(async () => {
          const imported = await importImage({
            request: await (local?.complete(request) ?? request),
            cloud: await clouds.open(request.session),
            workDirectory: settings.workDirectory,
            limits,
            publishing,
            cancelOnInterrupt,
            resumes,
            view,
            signal: settings.signal,
            log: settings.log,
          });
          const { seconds, ...happened } = history.of(request.name)!;
          const ended = {
            ...imported,
            result: { ...imported.result, history: { seconds, ...happened } },
            seconds,
          };
          onEnded?.(ended);
          return ended;
        }),
      ),
    );
  } finally {
    view.close();
  }
}

/** Where there are several, each image's: nothing else shows which account it goes to before its AMI is there. */
async function nameSessions(
  requests: readonly RequestedImport[],
  { clouds, notice }: { readonly clouds: Clouds; readonly notice: (message: string, image: string) => void },
): Promise<void> {
  const sessions = new Set(requests.map(({ session }) => JSON.stringify(session)));
  if (sessions.size === 1) return;
  for (const { name, session } of requests) {
    const { account = 'unknown', region } = await clouds.open(session);
    const which = describeSession({ ...session, region: undefined });
    notice(`importing into account ${account} in ${region}${which && ` (${which})`}`, name);
  }
}

/** The same for two requests of one published file, as far as that shows before anything is fetched. */
function imageKey({ checksum, urls, wanted, architecture }: RequestedImport): string {
  if (checksum && 'digest' in checksum) return checksum.digest;
  if (!checksum || !urls) return `${JSON.stringify(wanted?.image)} ${architecture}`;
  return `${checksum.url} ${checksum.entry ?? imageFileName(urls[0]!)}`;
}
