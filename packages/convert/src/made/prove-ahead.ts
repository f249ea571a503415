import { unlessAborted } from '../unless-aborted.ts';
import type { FileSum, MadeDisk, ProveOptions } from './made-disk.ts';

export interface ProveAhead extends Pick<MadeDisk, 'prove' | 'proveAhead'> {
  /** Resolves once what was begun ahead has ended; its signal is to be aborted before. */
  ended(): Promise<void>;
}

/**
 * A proof that can begin before all of the file has been made.
 *
 * @param prove `isAhead` where it has to wait for that
 */
export function createProveAhead(
  prove: (options: ProveOptions, when: { readonly isAhead: boolean }) => Promise<FileSum>,
): ProveAhead {
  let begun: Promise<FileSum> | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let onProgress: ProveOptions['onProgress'];
  return {
    async proveAhead({ signal }) {
      if (!begun) {
        begun = prove({ signal, onProgress: (progress) => onProgress?.(progress) }, { isAhead: true });
        ended = Promise.allSettled([begun]);
      }
      await ended;
    },
    async prove(options) {
      const proving = begun;
      begun = undefined;
      onProgress = options.onProgress;
      // It was begun with another signal: this one ends the waiting.
      return proving ? unlessAborted(proving, options.signal) : prove(options, { isAhead: false });
    },
    ended: async () => void (await ended),
  };
}
