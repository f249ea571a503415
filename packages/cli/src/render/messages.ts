import type { Writable } from 'node:stream';

/** The streams on which lines are being redrawn in place, each with what writes above these lines. */
const held = new WeakMap<Writable, (text: string) => void>();

/** Writes to people. Where lines are being redrawn in place, the text goes above them, and they stay whole. */
export function writeMessage(stream: Writable, text: string): void {
  const above = held.get(stream);
  const line = text.endsWith('\n') ? text : `${text}\n`;
  if (above) above(line);
  else stream.write(line);
}

/** Until it is disposed of, {@link writeMessage} leaves the writing on this stream to `above`. */
export function holdLines(stream: Writable, above: (text: string) => void): Disposable {
  held.set(stream, above);
  return { [Symbol.dispose]: () => void held.delete(stream) };
}
