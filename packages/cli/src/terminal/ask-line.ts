import { createInterface } from 'node:readline/promises';
import type { BaseContext } from 'clipanion';
import { Interrupted } from '../errors/cli-error.ts';

export type Terminal = Pick<BaseContext, 'stdin' | 'stderr'>;

/** Somebody is there to answer. */
export function isInteractive({ stdin, stderr }: Terminal): boolean {
  return [stdin, stderr].every((stream) => (stream as { isTTY?: boolean }).isTTY === true);
}

/**
 * One line of the terminal, without its end; empty where the input ends.
 *
 * @throws Interrupted on Ctrl-C, which reaches a question as a character and not as a signal
 */
export async function askLine(
  question: string,
  { stdin, stderr }: Terminal,
  signal: AbortSignal,
): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const noAnswer = () => (signal.aborted ? reject(signal.reason) : resolve('\n'));
      lines.question(question, { signal }).then(resolve, noAnswer);
      lines.once('SIGINT', () => {
        stderr.write('\n');
        reject(new Interrupted('SIGINT'));
      });
      // The input may end right behind the answer, which comes first.
      lines.once('close', () => setImmediate(noAnswer));
      // Both, and to the end: a lost terminal fails again when its mode is set back.
      for (const source of [lines, stdin]) source.on('error', noAnswer);
    });
    // What comes next starts on a line of its own.
    if (answer === '\n') stderr.write(answer);
    return answer.trim();
  } finally {
    lines.close();
  }
}
