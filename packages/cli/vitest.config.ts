import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.package.ts';

export default mergeConfig(shared, {
  test: {
    globalSetup: 'test/support/build-command.ts',
    setupFiles: ['test/support/own-environment.ts'],
    // Else the buffers of parts, which V8 counts apart from its heap, have all of the heap collected two or three times
    // for each import: a fifth of the processor time. A worker grows to 0.7 GB. Node 22 has no such option.
    execArgv: [
      '--initial-old-space-size=256',
      ...(Number.parseInt(process.versions.node, 10) >= 24
        ? ['--external-memory-accounted-in-global-limit']
        : []),
    ],
    // Node takes clipanion's CommonJS; Vite prefers its ESM, which imports directories and runs only where it is bundled.
    server: { deps: { inline: ['clipanion'] } },
  },
});
