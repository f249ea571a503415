import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'rolldown';
import { thirdPartyNotices } from '../../rolldown.notices.ts';
import { diskWorker, shared } from '../../rolldown.package.ts';

/**
 * The command as it is published: with what it uses of its dependencies, and nothing else of them. Loaded from its own
 * files, the SDK's clients take more than twice as long until the first request, and 60 MiB, for calls that are never made.
 *
 * OpenPGP.js stays a package of its own, since its licence (LGPL) wants it to be replaceable.
 * The emulator stays a package of its own, since it starts programs of its own from its files.
 */
const command: BuildOptions = {
  ...shared,
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  input: { bin: 'src/bin.ts', index: 'src/index.ts', ...diskWorker },
  external: ['@ec2-image/local-aws', 'openpgp'],
  plugins: [thirdPartyNotices()],
  output: { dir: 'dist', format: 'esm', chunkFileNames: '[name].js' },
};

export default command;
