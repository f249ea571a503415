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

/** A server in a process of its own, which prints its URL. */
export async function startServer(name: string, ...args: readonly string[]): Promise<RunningServer> {
  const [file, ...rest] = programCommand(name, ...args);
  const server = execa(file, rest, { stdin: 'ignore', stderr: 'inherit', buffer: false, reject: false });
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
