import { createInterface } from 'node:readline/promises';
import type { BaseContext } from 'clipanion';
import { UsageError } from '../errors.ts';

type Terminal = Pick<BaseContext, 'stdin' | 'stderr'>;

/** Asks before anything is deleted. Anything but "yes" is a no, the end of the terminal too. */
export async function confirmed(
  question: string,
  { stdin, stderr }: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<string>((resolve) => {
    lines.once('close', () => resolve(''));
    // Both, and to the end: a lost terminal fails again when its mode is set back.
    for (const source of [lines, stdin]) source.on('error', () => resolve(''));
  });
  try {
    const asked = lines.question(`${question} Type yes: `, { signal });
    return (await Promise.race([asked, ended])).trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}

/**
 * Said at once, before a long scan: a script that forgot the switch shouldn't learn of it at the end.
 *
 * @throws UsageError `NOT_CONFIRMED`
 */
export function checkCanConfirm({ stdin, stderr }: Terminal): void {
  const interactive = [stdin, stderr].every((stream) => (stream as { isTTY?: boolean }).isTTY === true);
  if (interactive) return;
  throw new UsageError(
    'NOT_CONFIRMED',
    '--apply asks before it deletes, and there is no terminal to ask on',
    {
      hint: 'Add --yes.',
    },
  );
}
