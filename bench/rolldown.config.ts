import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'rolldown';
import { diskWorker, shared } from '../rolldown.package.ts';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const files = globSync('src/speed/programs/*.ts', { cwd });

/** The programs that are timed, bundled as the command is: each loads what it runs. */
const programs: BuildOptions = {
  ...shared,
  cwd,
  input: { ...Object.fromEntries(files.map((file) => [basename(file, '.ts'), file])), ...diskWorker },
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'shared/[name].js' },
};

export default programs;
