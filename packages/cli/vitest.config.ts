import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.package.ts';

export default mergeConfig(shared, {
  test: {
    globalSetup: 'test/support/build-command.ts',
    // Node takes clipanion's CommonJS; Vite prefers its ESM, which imports directories and runs only where it is bundled.
    server: { deps: { inline: ['clipanion'] } },
    // The command's tests change what belongs to the whole process: its environment, signals and exit code.
    isolate: true,
  },
});
