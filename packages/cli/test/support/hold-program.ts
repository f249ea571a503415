import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary-directory.ts';

export interface HeldProgram {
  /** The PATH on which it is found in the place of the real one. */
  readonly path: string;
  /** Resolves with its process id when it was started so (or has ended its work) for the first time, and waits. */
  reached(): Promise<number>;
  release(): Promise<void>;
  /** For one that has outlived whoever started it. */
  kill(): Promise<void>;
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
  const hold = `echo $$ > '${reached}.new'; mv '${reached}.new' '${reached}'; while [ ! -e '${released}' ]; do sleep 0.02; done`;
  const held =
    when === 'before' ? `${hold}; exec '${program}' "$@"` : `'${program}' "$@" || exit; ${hold}; exit`;
  const condition = command === undefined ? 'true' : `[ "$1" = '${command}' ]`;
  await writeFile(
    join(directory, name),
    `#!/bin/sh\nif ${condition}; then ${held}; fi\nexec '${program}' "$@"\n`,
  );
  await chmod(join(directory, name), 0o755);
  const processId = async () => {
    while (!existsSync(reached)) await delay(10);
    return Number(await readFile(reached, 'utf8'));
  };
  return {
    path: `${directory}:${path}`,
    reached: processId,
    release: () => writeFile(released, ''),
    async kill() {
      try {
        process.kill(await processId(), 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}
