import { defineConfig } from 'vitest/config';

/** What every package's tests share: the packages are read as source, and a test has a minute at most. */
export default defineConfig({
  resolve: { conditions: ['@ec2-image/source'] },
  ssr: { resolve: { conditions: ['@ec2-image/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    execArgv: ['--conditions=@ec2-image/source'],
  },
});
