import { Interrupted } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';

export interface InterruptWatch extends Disposable {
  readonly signal: AbortSignal;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal aborts, so that everything stops cleanly; the second SIGINT or SIGTERM ends the process where it
 * stands. A SIGHUP never does: where a terminal is closed, kernel and shell send one each, and nobody asked for haste.
 *
 * @param options.ignoreHangup for a command that `nohup` started; see `hangup.ts`
 */
export function watchInterrupts({
  onInterrupt,
  hint,
  ignoreHangup = false,
}: {
  readonly onInterrupt?: (signalName: string) => void;
  /** What the error says besides how to continue, asked for when the signal comes. */
  readonly hint?: () => string | undefined;
  readonly ignoreHangup?: boolean;
} = {}): InterruptWatch {
  let asked = false;
  const controller = new AbortController();
  const listener = (signalName: NodeJS.Signals) => {
    if (signalName === 'SIGHUP' && ignoreHangup) return;
    if (asked && signalName !== 'SIGHUP') process.exit(exitCodes.interrupted);
    asked ||= signalName !== 'SIGHUP';
    if (controller.signal.aborted) return;
    onInterrupt?.(signalName);
    controller.abort(new Interrupted(signalName, hint?.()));
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, listener);
    },
  };
}
