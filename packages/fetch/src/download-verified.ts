import { type Digest, redactUrl } from '@ec2-image/provenance';
import { mismatchError } from './digest-mismatch.ts';
import { download } from './download.ts';
import type { FetchImageOptions, VerifiedImage } from './fetch-image.ts';
import { headBytes } from './hash-file.ts';
import { openDispatcher } from './http-get.ts';
import { defaultMaxSizeBytes } from './image-size.ts';
import { defaultStallTimeoutMs, tryMirrors } from './mirrors.ts';
import { PartialFile } from './partial-file.ts';
import { bytes } from './printable.ts';
import type { HttpSource } from './source.ts';

/** Above this a server is more likely to take offence than to be faster. */
const maxConnections = 16;

/**
 * Downloads to `path`, going on with what an earlier run left. Bytes with the wrong digest are thrown away and fetched once more from
 * scratch, from the next mirror where there is one, over one connection and without ranges.
 */
export async function downloadVerified(
  options: FetchImageOptions & { readonly sources: readonly HttpSource[]; readonly path: string },
): Promise<VerifiedImage> {
  const { digest, path, signal, onNotice, onProgress, checksumUrl } = options;
  const {
    stallTimeoutMs = defaultStallTimeoutMs,
    maxSizeBytes = defaultMaxSizeBytes,
    now = Date.now,
  } = options;
  let { sources } = options;
  let connections = Math.min(maxConnections, Math.max(1, Math.trunc(options.connections ?? 1)));
  const actual: Digest[] = [];
  const urls: string[] = [];
  const dispatcher = openDispatcher({ stallTimeoutMs });
  try {
    await using file = await PartialFile.open({ path, digest });
    if (file.bytes > 0) onNotice?.(`going on with ${bytes(file.bytes)} of an earlier run`);
    let bytesTransferred = 0;
    const report = () => onProgress?.({ done: file.bytes, total: file.origin?.total });
    const onBytes = (count: number) => {
      bytesTransferred += count;
      report();
    };
    report();
    for (;;) {
      const hasAdvanced = highWaterMark(file);
      const source = await tryMirrors({
        ...options,
        sources,
        hasAdvanced,
        attempt: async (mirror) => {
          await download({
            ...options,
            url: mirror.url,
            file,
            connections,
            dispatcher,
            maxSizeBytes,
            stallTimeoutMs,
            now,
            onBytes,
          });
          return mirror;
        },
      });
      const found = await file.digest({ signal });
      report();
      if (found === digest) {
        const outcome = file.keptBytes > 0 ? 'resumed' : 'downloaded';
        const size = file.bytes;
        await file.finish();
        return { path, size, digest, outcome, bytesTransferred };
      }
      actual.push(found);
      urls.push(source.shown);
      if (actual.length > 1) {
        const head = await file.head(headBytes);
        const sizeBytes = file.bytes;
        await file.remove();
        throw mismatchError({
          expected: digest,
          actual,
          urls,
          head,
          sizeBytes,
          checksumUrl: checksumUrl && redactUrl(checksumUrl),
        });
      }
      onNotice?.(
        `${source.shown} brought ${found} instead of ${digest}: it is removed and downloaded once more`,
      );
      await file.reset();
      sources = startingAfter(sources, source);
      connections = 1;
    }
  } finally {
    await dispatcher.destroy();
  }
}

/** Less than this much more is not worth another round of attempts, or a server that drips could keep us for ever. */
const minAdvanceBytes = 2 ** 20;

/** Tells, each time it is asked, whether the file has grown beyond what it ever was. */
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
