import { mergeConfig } from 'vitest/config';
import shared from '../vitest.package.ts';

/** Images are built and imported here: minutes, one at a time, so that none takes another's memory or time. */
export default mergeConfig(shared, {
  // Only isolated files may have another number of workers than the packages' have.
  test: { testTimeout: 20 * 60_000, hookTimeout: 20 * 60_000, fileParallelism: false, isolate: true },
});
