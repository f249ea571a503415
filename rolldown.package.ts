import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'rolldown';

/** What every program that is bundled shares: the packages are read as source, and of a dependency only what is used stays. */
export const shared = {
  platform: 'node',
  // The oldest release that the packages take, `engines` in their package.json: it does not know `using`.
  transform: { target: 'node22.19' },
  resolve: {
    conditionNames: ['@ec2-image/source', 'node', 'import', 'module'],
    // Of CommonJS, nothing can be left out.
    mainFields: ['module', 'main'],
  },
} satisfies BuildOptions;

/** The program of the worker threads, which is looked for beside the bundle: an entry of every program that reads disks. */
export const diskWorker = {
  'disk-worker': fileURLToPath(new URL('packages/disk-blocks/src/workers/disk-worker.ts', import.meta.url)),
};
