import { dirname } from 'node:path';
import type { Digest } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { mismatchError } from './digest-mismatch.ts';
import { type Download, download } from './download.ts';
import { FetchError } from './errors.ts';
import type { FetchImageOptions } from './fetch-image-options.ts';
import { recordFile } from './file-state.ts';
import { formatBytes } from './format-bytes.ts';
import { headBytes } from './hash-file.ts';
import { openDispatcher } from './http-get.ts';
import { defaultMaxSizeBytes } from './image-size.ts';
import { tryMirrors } from './mirrors.ts';
import { PartialFile } from './partial-file.ts';
import { defaultStallTimeoutMs } from './retry.ts';
import type { HttpSource } from './source.ts';
import type { VerifiedImage } from './verified-image.ts';
import { workDirectoryError } from './work-directory.ts';

/** Above this a server is more likely to throttle than to be faster. */
const maxConnections = 16;

export type DownloadVerifiedOptions = FetchImageOptions & {
  readonly sources: readonly HttpSource[];
  readonly path: string;
};

/**
 * Downloads to `path`, resuming what an earlier run left. Bytes with the wrong digest are deleted and downloaded again from
 * scratch, from the next mirror where there is one, over one connection and without ranges.
 */
export async function downloadVerified(options: DownloadVerifiedOptions): Promise<VerifiedImage> {
  const { sources, path, digest, connections = 1, onNotice, onProgress } = options;
  const {
    stallTimeoutMs = defaultStallTimeoutMs,
    maxSizeBytes = defaultMaxSizeBytes,
    now = Date.now,
  } = options;
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  try {
    await using file = await PartialFile.open({
      path,
      digest,
      onArriving: options.onArriving,
      onWritten: () => report(),
    });
    let bytesTransferred = 0;
    const report = () => onProgress?.({ done: file.bytes, total: file.origin?.total });
    const onBytes = (count: number) => {
      bytesTransferred += count;
    };
    const run = { ...options, file, dispatcher, stallTimeoutMs, maxSizeBytes, now, onBytes };
    const verified = async (): Promise<VerifiedImage> => {
      report();
      const outcome = file.keptBytes > 0 ? 'resumed' : 'downloaded';
      await file.finish();
      const { state } = await recordFile(path).catch(async (cause: Error) => {
        throw await workDirectoryError({ cause, directory: dirname(path) });
      });
      return { path, size: file.bytes, digest, state, outcome, bytesTransferred };
    };

    if (file.bytes > 0) onNotice?.(`resuming download at ${formatBytes(file.bytes)}`);
    report();
    const first = await complete({
      ...run,
      sources,
      connections: Math.min(maxConnections, Math.max(1, Math.trunc(connections))),
    });
    if (first.digest === digest) return await verified();
    const { shown } = first.source;
    onNotice?.(`checksum mismatch for ${shown}: expected ${digest}, got ${first.digest}; downloading again`);
    await file.reset();
    const second = await complete({ ...run, sources: startingAfter(sources, first.source), connections: 1 });
    if (second.digest === digest) return await verified();
    throw await mismatch(options, { file, found: [first, second] });
  } finally {
    await dispatcher.destroy();
  }
}

interface Completed {
  readonly source: HttpSource;
  readonly digest: Digest;
}

/** Completes the file from whichever source does it, and tells what came of it. */
async function complete(
  run: Omit<Download, 'url'> & DownloadVerifiedOptions & { readonly connections: number },
): Promise<Completed> {
  const { file, signal } = run;
  const attempt = async (source: HttpSource) => {
    await download({ ...run, url: source.url });
    return source;
  };
  try {
    const source = await tryMirrors({ ...run, hasAdvanced: highWaterMark(file), attempt });
    return { source, digest: await file.digest({ signal }) };
  } catch (error) {
    // An endless response has filled the disk: nothing of it is worth keeping.
    if (error instanceof FetchError && error.code === 'IMAGE_TOO_LARGE') await file.remove();
    throw error;
  }
}

async function mismatch(
  { digest, checksumUrl }: DownloadVerifiedOptions,
  { file, found }: { readonly file: PartialFile; readonly found: readonly Completed[] },
): Promise<FetchError> {
  const head = await file.head(headBytes);
  await file.remove();
  return mismatchError({
    expected: digest,
    actual: found.map((one) => one.digest),
    urls: found.map(({ source }) => source.shown),
    checksumUrl: checksumUrl && redactUrl(checksumUrl),
    head,
    sizeBytes: file.bytes,
  });
}

/** Less than this much more is not worth another round of attempts, or a server that drips could keep us for ever. */
const minAdvanceBytes = 2 ** 20;

/** Tells, at each call, whether the file has grown beyond what it ever was. */
function highWaterMark(file: PartialFile): () => boolean {
  let mark = file.bytes;
  return () => {
    const enough = Math.min(minAdvanceBytes, Math.ceil((file.origin?.total ?? minAdvanceBytes) / 100));
    const advanced = file.bytes >= mark + Math.max(1, enough);
    if (advanced) mark = file.bytes;
    return advanced;
  };
}

function startingAfter(sources: readonly HttpSource[], source: HttpSource): readonly HttpSource[] {
  const next = sources.indexOf(source) + 1;
  return [...sources.slice(next), ...sources.slice(0, next)];
}
