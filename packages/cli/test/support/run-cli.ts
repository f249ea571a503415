import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseDocument } from './document.ts';

export interface CliRun {
  readonly child: ChildProcess;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<CliEnd>;
}

export interface CliEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON document; throws where it is none. */
  json<T>(): T;
}

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

/** The real command: as it is published, with the emulator from its sources. */
export const cliCommand: readonly [string, ...string[]] = [
  process.execPath,
  '--conditions=@ec2-image/source',
  bin,
];

/** Nothing of the developer's own: no profile, no credentials, no proxies. */
export const ownEnvironment = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  NODE_NO_WARNINGS: '1',
  // Shared by all runs of a suite: the command is compiled once. Not in the temporary directory, where anybody can plant one.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url)),
};

/** Starts the command as a process of its own. */
export function startCli(
  args: readonly string[],
  {
    env = {},
    cwd,
  }: { readonly env?: Readonly<Record<string, string | undefined>>; readonly cwd?: string } = {},
): CliRun {
  const [file, ...before] = cliCommand;
  const child = spawn(file, [...before, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd ?? '/nonexistent', ...ownEnvironment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(
    ([exitCode, signal]): CliEnd => ({
      exitCode,
      signal,
      stdout,
      stderr,
      json: <T>() => parseDocument<T>(args, stdout),
    }),
  );
  return { child, ended };
}

export function runCli(...parameters: Parameters<typeof startCli>): Promise<CliEnd> {
  return startCli(...parameters).ended;
}
