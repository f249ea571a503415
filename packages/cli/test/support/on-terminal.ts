import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cliCommand, ownEnvironment } from './run-cli.ts';

export interface OnTerminal {
  readonly question: string;
  /** Typed once the question shows. */
  readonly answer: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command on a terminal, where somebody types the answer to a question. */
export async function runOnTerminal(
  args: readonly string[],
  { question, answer, env }: OnTerminal,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const inTerminal = fileURLToPath(new URL('./in-terminal.py', import.meta.url));
  const child = spawn('python3', [inTerminal, 'own', ...cliCommand, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm', ...ownEnvironment, ...env },
  });
  let [stdout, stderr] = ['', ''];
  let isAnswered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (isAnswered || !stderr.includes(question)) return;
    isAnswered = true;
    child.stdin.write(`${answer}\n`);
  });
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, stdout, stderr };
}
