import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.package.ts';

/** Node takes clipanion's CommonJS; Vite prefers its ESM, which imports directories and runs only where it is bundled. */
export default mergeConfig(shared, {
  test: { globalSetup: 'test/support/build-command.ts', server: { deps: { inline: ['clipanion'] } } },
});
