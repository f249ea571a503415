import { UsageError } from '../errors/cli-error.ts';
import { askLine, isInteractive, type Terminal } from '../terminal/ask-line.ts';

/**
 * Asks before anything is deleted. Anything but "yes", the end of the input too, is a no.
 *
 * @throws Interrupted on Ctrl-C
 */
export async function confirmed(question: string, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  return (await askLine(`${question} Type yes: `, terminal, signal)).toLowerCase() === 'yes';
}

/**
 * Said at once, before a long scan: a script without the switch should not learn of it at the end.
 *
 * @throws UsageError `NOT_CONFIRMED`
 */
export function checkCanConfirm(terminal: Terminal): void {
  if (isInteractive(terminal)) return;
  throw new UsageError('NOT_CONFIRMED', '--apply asks for confirmation, which needs a terminal', {
    hint: 'Add --yes to delete without asking.',
  });
}
