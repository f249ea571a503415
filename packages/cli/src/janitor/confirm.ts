import { createInterface } from 'node:readline/promises';
import type { BaseContext } from 'clipanion';
import { Interrupted, UsageError } from '../errors/cli-error.ts';

type Terminal = Pick<BaseContext, 'stdin' | 'stderr'>;

/**
 * Asks before anything is deleted. Anything but "yes", the end of the input too, is a no.
 *
 * @throws Interrupted on Ctrl-C, which reaches a question as a character and not as a signal
 */
export async function confirmed(
  question: string,
  { stdin, stderr }: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const noAnswer = () => (signal.aborted ? reject(signal.reason) : resolve('\n'));
      lines.question(`${question} Type yes: `, { signal }).then(resolve, noAnswer);
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
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}

/**
 * Said at once, before a long scan: a script without the switch should not learn of it at the end.
 *
 * @throws UsageError `NOT_CONFIRMED`
 */
export function checkCanConfirm({ stdin, stderr }: Terminal): void {
  const interactive = [stdin, stderr].every((stream) => (stream as { isTTY?: boolean }).isTTY === true);
  if (interactive) return;
  throw new UsageError('NOT_CONFIRMED', '--apply asks for confirmation, which needs a terminal', {
    hint: 'Add --yes to delete without asking.',
  });
}
