import type { BuildOptions } from 'rolldown';

/** What every program that is bundled shares: the packages are read as source, and of a dependency only what is used stays. */
export const shared = {
  platform: 'node',
  resolve: {
    conditionNames: ['@ec2-image/source', 'node', 'import', 'module'],
    // Of CommonJS, nothing can be left out.
    mainFields: ['module', 'main'],
  },
} satisfies BuildOptions;
