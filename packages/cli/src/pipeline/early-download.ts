import { setMaxListeners } from 'node:events';
import type { StartedImage, StreamedImage } from './started-image.ts';

/** An image that is on its way into a file, or one that never becomes a file. */
export type BegunDownload = { readonly file: StartedImage } | { readonly stream: StreamedImage };

/**
 * The download of the image, begun while the account is still being read: before it is certain that this run needs it. It is
 * handed over once, and whoever has it disposes of it. Disposing of what nobody has asked for ends it, and keeps what came.
 */
export interface EarlyDownload extends AsyncDisposable {
  /**
   * The image on its way into a file. Where it is a stream, that is closed: there will be a file.
   *
   * @param signal ends it from now on
   * @returns undefined where there is none to hand over
   * @throws what beginning it has failed with
   */
  takeFile(signal: AbortSignal): Promise<StartedImage | undefined>;
  /**
   * The image as a stream. One that is on its way into a file stays for {@link takeFile}.
   *
   * @returns undefined where there is nothing to hand over: nobody knows yet whether the image can be streamed
   * @throws what beginning it has failed with
   */
  takeStream(signal: AbortSignal): Promise<{ readonly stream: StreamedImage | undefined } | undefined>;
}

/**
 * @param begin given a signal that ends the download, and whether it was ended as nobody has asked for it; resolves with undefined
 * where there is no reason yet to begin
 */
export function beginEarlyDownload(
  begin: (given: {
    readonly signal: AbortSignal;
    readonly isUnwanted: () => boolean;
  }) => Promise<BegunDownload | undefined>,
): EarlyDownload {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let isUnwanted = false;
  let left: Promise<BegunDownload | undefined> | undefined = begin({
    signal: stop.signal,
    isUnwanted: () => isUnwanted,
  });
  // Whoever takes it meets its failure; until then it must not count as one that nobody handles.
  left.catch(() => {});
  /** What was begun; if it is wanted, it is handed over, and of several that ask at a time to one alone. */
  const ask = async (signal: AbortSignal, isWanted: (download: BegunDownload) => boolean) => {
    const mine = left;
    let download: BegunDownload | undefined;
    try {
      download = await mine;
    } catch (error) {
      // Whoever asks for it next restarts it.
      left = undefined;
      throw error;
    }
    if (!download || left !== mine) return undefined;
    if (!isWanted(download)) return download;
    left = undefined;
    const onAbort = () => stop.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return download;
  };
  return {
    async takeFile(signal) {
      const download = await ask(signal, () => true);
      if (!download) return undefined;
      if ('file' in download) return download.file;
      await download.stream[Symbol.asyncDispose]();
      return undefined;
    },
    async takeStream(signal) {
      const download = await ask(signal, (begun) => 'stream' in begun);
      if (!download) return undefined;
      return 'file' in download ? { stream: undefined } : download;
    },
    async [Symbol.asyncDispose]() {
      if (!left) return;
      const unwanted = left;
      left = undefined;
      isUnwanted = true;
      stop.abort();
      const [download] = await Promise.allSettled([unwanted]);
      if (download.status === 'rejected' || !download.value) return;
      const image = 'file' in download.value ? download.value.file : download.value.stream;
      await image[Symbol.asyncDispose]();
    },
  };
}
