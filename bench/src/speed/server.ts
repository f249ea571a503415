import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** What it has printed since, line by line. */
  readonly lines: readonly string[];
}

/** How one of the programs in `programs/` is run, as it was built. */
export function programCommand(name: string, ...args: readonly string[]): [string, ...string[]] {
  const file = fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
  return [process.execPath, file, ...args];
}

/**
 * The servers stand for machines that are elsewhere, but share the cores with what is measured. What they receive lies
 * outside of V8's heap, and makes it mark all of that every 32 MiB, for half of a sink's time; seldom with these.
 */
const serverFlags = [
  '--external-memory-accounted-in-global-limit',
  '--no-incremental-marking',
  '--min-semi-space-size=16',
  '--max-semi-space-size=32',
];

/** A server in a process of its own, which prints its URL. */
export async function startServer(name: string, ...args: readonly string[]): Promise<RunningServer> {
  const [node, ...rest] = programCommand(name, ...args);
  const server = execa(node, [...serverFlags, ...rest], {
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  const output = createInterface(server.stdout);
  const [url] = (await once(output, 'line')) as [string];
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  return {
    url,
    lines,
    async [Symbol.asyncDispose]() {
      server.kill();
      await server;
    },
  };
}
