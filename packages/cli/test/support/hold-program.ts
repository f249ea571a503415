import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary-directory.ts';

export interface HeldProgram {
  /** The PATH on which it is found in the place of the real one. */
  readonly path: string;
  /** Resolves when it was started so (or has ended its work) for the first time, and waits. */
  reached(): Promise<void>;
  release(): Promise<void>;
}

/** The real program, which waits before or after it is run with this first argument; with any, where none is given. */
export async function holdProgram({
  name,
  command,
  when,
  path = process.env.PATH!,
}: {
  readonly name: string;
  readonly command?: string;
  readonly when: 'before' | 'after';
  readonly path?: string;
}): Promise<HeldProgram> {
  const directory = await temporaryDirectory('held');
  const program = (await execa('which', [name], { env: { PATH: path } })).stdout;
  const [reached, released] = [join(directory, 'reached'), join(directory, 'released')];
  const hold = `: > '${reached}'; while [ ! -e '${released}' ]; do sleep 0.02; done`;
  const held =
    when === 'before' ? `${hold}; exec '${program}' "$@"` : `'${program}' "$@" || exit; ${hold}; exit`;
  const condition = command === undefined ? 'true' : `[ "$1" = '${command}' ]`;
  await writeFile(
    join(directory, name),
    `#!/bin/sh\nif ${condition}; then ${held}; fi\nexec '${program}' "$@"\n`,
  );
  await chmod(join(directory, name), 0o755);
  return {
    path: `${directory}:${path}`,
    async reached() {
      while (!existsSync(reached)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    release: () => writeFile(released, ''),
  };
}
