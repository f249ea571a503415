import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/main.ts';
import { parseDocument } from './document.ts';
import type { CliEnd } from './run-cli.ts';
import { ownEnvironment } from './run-cli.ts';

/** In place of the developer's own. */
const ownCacheHome = fileURLToPath(new URL('../../node_modules/.cache/home', import.meta.url));

/** How a command line ended that was run without a process of its own: a tenth of the cost. */
export type InProcessEnd = Omit<CliEnd, 'signal' | 'exitCode'> & { readonly exitCode: number };

/** Runs a command line inside this process, with the credentials of `own-environment.ts`. */
export async function runInProcess(
  args: readonly string[],
  {
    env = {},
    columns,
  }: {
    readonly env?: Readonly<Record<string, string>>;
    /** Of the terminal that stdout is; undefined where it is none. */
    readonly columns?: number;
  } = {},
): Promise<InProcessEnd> {
  const stdout = collect();
  const stderr = collect();
  const exitCode = await main(args, {
    env: { ...ownEnvironment, XDG_CACHE_HOME: ownCacheHome, ...env },
    stdin: process.stdin,
    stdout: Object.assign(stdout.stream, { columns }),
    stderr: stderr.stream,
    colorDepth: 1,
  });
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    json: <T>() => parseDocument<T>(args, stdout.text()),
  };
}

function collect() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
