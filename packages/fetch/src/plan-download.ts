import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Digest } from '@ec2-image/provenance';
import { extentBytes } from './extents.ts';
import { imageFileName, storedFileName } from './file-name.ts';
import type { RetryOptions } from './mirrors.ts';
import { keptOfPartial } from './partial-file.ts';
import { probeImage } from './probe-image.ts';
import { parseSources } from './source.ts';

export interface PlanDownloadOptions extends RetryOptions {
  /** As `fetchImage` takes it: several are mirrors of one file. */
  readonly url: string | readonly string[];
  readonly digest: Digest;
  /** Where `fetchImage` would download to; it need not exist. */
  readonly directory: string;
}

/** What `fetchImage` would do, as far as that shows without reading the file. */
export interface PlannedDownload {
  /** `reused`: it is in the directory; `local`: it is a file of this machine. Both are still to be hashed. */
  readonly outcome: 'download' | 'reused' | 'local';
  /** What is still to be transferred; undefined where the server does not tell the size. */
  readonly bytes?: number;
  /** What an earlier run has downloaded. */
  readonly keptBytes: number;
}

/**
 * Asks the server for the size of what is not there yet, and leaves its bytes. Changes nothing.
 *
 * @throws FetchError where the image is nowhere
 */
export async function planDownload({
  url,
  digest,
  directory,
  ...options
}: PlanDownloadOptions): Promise<PlannedDownload> {
  const sources = parseSources(url);
  for (const source of sources) {
    if (source.kind === 'local' && (await sizeOf(source.path)) !== undefined) return here('local');
  }
  const remote = sources.find((source) => source.kind === 'http');
  if (remote) {
    const fileName = storedFileName({ fileName: imageFileName(remote.url.href), digest });
    const path = join(resolve(directory), fileName);
    if ((await sizeOf(path)) !== undefined) return here('reused');
    const { sizeBytes } = await probeImage({ ...options, url: remote.url.href });
    const keptBytes = extentBytes(await keptOfPartial({ path, digest }));
    const bytes = sizeBytes === undefined ? undefined : Math.max(0, sizeBytes - keptBytes);
    return { outcome: 'download', bytes, keptBytes };
  }
  // Tells why it cannot be read.
  await probeImage({ ...options, url: typeof url === 'string' ? url : url[0]! });
  return here('local');
}

function here(outcome: 'reused' | 'local'): PlannedDownload {
  return { outcome, bytes: 0, keptBytes: 0 };
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}
