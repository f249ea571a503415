import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Nothing of the developer's own: no profile, no credentials, no proxies. */
export const ownEnvironment = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  NODE_NO_WARNINGS: '1',
  // Shared by all runs of a suite: the command is compiled once.
  NODE_COMPILE_CACHE: join(tmpdir(), 'ec2-image-compile-cache'),
};

/** Starts the real command as a process of its own: as it is published, with the stand-in from its sources. */
export function startCli(
  args: readonly string[],
  {
    env = {},
    cwd,
  }: { readonly env?: Readonly<Record<string, string | undefined>>; readonly cwd?: string } = {},
): CliRun {
  const child = spawn(process.execPath, ['--conditions=@ec2-image/source', bin, ...args], {
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
