import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'rolldown';

/**
 * The command as it is published: with what it uses of its dependencies, and nothing else of them. Loaded from its own
 * files, the SDK's clients take more than twice as long until the first request, and 60 MiB, for calls that are never made.
 *
 * The stand-in stays a package of its own, since it starts programs of its own from its files.
 */
const command: BuildOptions = {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  input: { bin: 'src/bin.ts', index: 'src/index.ts' },
  platform: 'node',
  external: ['@ec2-image/local-aws'],
  resolve: {
    conditionNames: ['@ec2-image/source', 'node', 'import', 'module'],
    // Of CommonJS, nothing can be left out.
    mainFields: ['module', 'main'],
  },
  output: { dir: 'dist', format: 'esm', chunkFileNames: '[name].js' },
};

export default command;
