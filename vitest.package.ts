import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What every package's tests share: the packages are read as source, and a test has a minute at most. */
export default defineConfig({
  resolve: { conditions: ['@ec2-image/source'] },
  ssr: { resolve: { conditions: ['@ec2-image/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [fileURLToPath(new URL('vitest.sample.ts', import.meta.url))],
    // A worker loads the SDK's clients and the emulator once, not for each file: a third of the processor time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests wait for children, sockets and clocks as much as they compute. (Projects do not take this from the root.)
    maxWorkers: availableParallelism() + 2,
    execArgv: [
      '--conditions=@ec2-image/source',
      // Disks pass through in short-lived buffers: a larger young generation halves the time of collecting them.
      '--max-semi-space-size=32',
      // Else these buffers, which V8 counts apart from its heap, have all of the heap collected two or three times for each
      // import: a fifth of the processor time. A worker grows to 0.7 GB. Node 22 has no such option.
      '--initial-old-space-size=256',
      ...(Number.parseInt(process.versions.node, 10) >= 24
        ? ['--external-memory-accounted-in-global-limit']
        : []),
    ],
  },
});
