import { availableParallelism } from 'node:os';
import type { Writable } from 'node:stream';
import pLimit from 'p-limit';
import { createClouds } from './clouds.ts';
import type { CommonSettings } from './commands/common.ts';
import type { ImportRequest } from './config/import-request.ts';
import { openLocalAccount } from './local-account.ts';
import { importImage } from './pipeline/import-image.ts';
import type { Finished } from './render/pin-yaml.ts';
import { createPlainView } from './render/plain-view.ts';
import { createTerminalView } from './render/terminal-view.ts';
import { type RunView, silentView } from './pipeline/progress.ts';

/** Images under way at a time: most of a run is waiting for a server or for EC2. */
const maxImages = 8;
/** Of them, those that upload. */
const maxUploads = 2;

export interface RunOutput {
  readonly stderr: Writable;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Imports all of them side by side; one that fails stops no other.
 *
 * @throws where no image could be started: no region, no credentials
 */
export async function runImports({
  requests,
  settings,
  cancelOnInterrupt,
  output,
}: {
  readonly requests: readonly ImportRequest[];
  readonly settings: CommonSettings;
  readonly cancelOnInterrupt: boolean;
  readonly output: RunOutput;
}): Promise<Finished[]> {
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const view = logged(chooseView({ output, images: requests.map(({ name }) => name) }), settings.log);
  const clouds = createClouds({
    connection: { ...settings.connection, ...local?.connection },
    onNotice: view.notice,
    signal: settings.signal,
  });
  try {
    // The first region is reached before any image starts: credentials that are missing fail the run once, not each image.
    await Promise.all(
      [...new Set(requests.map(({ region }) => region))].map((region) => clouds.open(region)),
    );
    const images = pLimit(maxImages);
    const limits = {
      conversions: pLimit(Math.max(1, availableParallelism() >> 1)),
      uploads: pLimit(maxUploads),
    };
    return await Promise.all(
      requests.map((request) =>
        images(async () => ({
          request,
          result: await importImage({
            request: await (local?.complete(request) ?? request),
            cloud: await clouds.open(request.region),
            workDirectory: settings.workDirectory,
            limits,
            cancelOnInterrupt,
            view,
            signal: settings.signal,
            log: settings.log,
          }),
        })),
      ),
    );
  } finally {
    view.close();
  }
}

function chooseView({
  output,
  images,
}: {
  readonly output: RunOutput;
  readonly images: readonly string[];
}): RunView {
  const { stderr, quiet, verbose, env } = output;
  if (quiet) return silentView;
  const terminal = (stderr as { isTTY?: boolean }).isTTY === true && env.TERM !== 'dumb' && !env.CI;
  // Lines about calls and lines redrawn in place do not go together.
  return terminal && !verbose
    ? createTerminalView({ stream: stderr, images })
    : createPlainView({ stream: stderr });
}

/** What is shown goes into the log too, progress aside. */
function logged(view: RunView, log: CommonSettings['log']): RunView {
  return {
    ...view,
    stage(image, stage) {
      log.event('stage', { image, stage });
      view.stage(image, stage);
    },
    stepEnded(image, ended) {
      log.event('step', { image, ...ended });
      view.stepEnded(image, ended);
    },
    notice(message, image) {
      log.event('notice', { image, message });
      view.notice(message, image);
    },
    imageEnded(image, summary) {
      log.event('end', { image, summary });
      view.imageEnded(image, summary);
    },
  };
}
