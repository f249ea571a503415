import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// The benchmarks' own checks take minutes and a gigabyte of Debian packages.
const exhaustive = process.env.EC2_IMAGE_TEST === 'all';

/** Every package's tests in one run; each package's `vitest.config.ts` says how its own run. */
export default defineConfig({
  test: {
    projects: ['packages/*', 'scripts', ...(exhaustive ? ['bench'] : [])],
    // Tests wait for children, sockets and clocks as much as they compute.
    maxWorkers: availableParallelism() + 1,
  },
});
