import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.package.ts';

export default mergeConfig(shared, {
  test: {
    globalSetup: 'test/support/build-command.ts',
    setupFiles: ['test/support/own-environment.ts'],
    // Node takes clipanion's CommonJS; Vite prefers its ESM, which imports directories and runs only where it is bundled.
    server: { deps: { inline: ['clipanion'] } },
  },
});
