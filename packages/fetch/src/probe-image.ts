import { stat } from 'node:fs/promises';
import { statusError } from './http-errors.ts';
import { httpGet, openDispatcher } from './http-get.ts';
import { type RetryOptions, tryMirrors } from './mirrors.ts';
import { defaultStallTimeoutMs } from './retry.ts';
import { parseSources, unreadable } from './source.ts';

export interface ProbeImageOptions extends RetryOptions {
  /** An http(s), `s3://` or `file:` URL, or a local path. */
  readonly url: string;
  /** As for `fetchImage`, but true by default: what the file is checked against may come from elsewhere. */
  readonly allowHttpRedirect?: boolean;
}

/**
 * Whether a file is where its URL says: asks for it and leaves its bytes.
 *
 * @returns its size in bytes, where the server tells it
 * @throws FetchError
 */
export async function probeImage({
  url,
  allowHttpRedirect = true,
  ...options
}: ProbeImageOptions): Promise<{ readonly sizeBytes?: number }> {
  const { signal, stallTimeoutMs = defaultStallTimeoutMs, now = Date.now } = options;
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  try {
    return await tryMirrors({
      ...options,
      sources: parseSources(url),
      async attempt(source) {
        if (source.kind === 'local') {
          const { size } = await stat(source.path).catch((cause: Error) => {
            throw unreadable({ source, cause });
          });
          return { sizeBytes: size };
        }
        const response = await httpGet({
          ...{ url: source.url, dispatcher, signal, answerTimeoutMs: stallTimeoutMs },
          allowHttp: allowHttpRedirect,
        });
        response.body.discard();
        if (response.status !== 200) throw statusError({ ...response, nowMs: now() });
        const length = Number(response.headers['content-length'] ?? Number.NaN);
        return Number.isSafeInteger(length) ? { sizeBytes: length } : {};
      },
    });
  } finally {
    await dispatcher.destroy();
  }
}
