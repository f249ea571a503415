import { askLine, isInteractive, type Terminal } from '../terminal/ask-line.ts';
import type { ConnectionOptions } from './connection.ts';

/** Asks whoever sits at the terminal; undefined where nobody does. Two devices are asked for one after the other. */
export function askMfaCode(terminal: Terminal, signal: AbortSignal): ConnectionOptions['askMfaCode'] {
  if (!isInteractive(terminal)) return undefined;
  let asked: Promise<unknown> = Promise.resolve();
  return (serial) => {
    const code = asked.then(() => askLine(`Code of the MFA device ${serial}: `, terminal, signal));
    asked = code.catch(() => {});
    return code;
  };
}
