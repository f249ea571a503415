import { Interrupted } from './errors.ts';
import { exitCodes } from './exit-code.ts';

export interface InterruptWatch extends Disposable {
  readonly signal: AbortSignal;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal aborts, so that everything stops cleanly; the second ends the process where it stands. */
export function watchInterrupts({
  onInterrupt,
}: {
  readonly onInterrupt?: (signalName: string) => void;
} = {}): InterruptWatch {
  const controller = new AbortController();
  const listener = (signalName: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    onInterrupt?.(signalName);
    controller.abort(new Interrupted(signalName));
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, listener);
    },
  };
}
