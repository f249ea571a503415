import type { Writable } from 'node:stream';
import { printable } from '@ec2-image/redact';

/** The streams on which lines are being redrawn in place, each with what writes above these lines. */
const held = new WeakMap<Writable, (text: string) => void>();

/** Writes to people. Where lines are being redrawn in place, the text goes above them, and they stay whole. */
export function writeMessage(stream: Writable, text: string): void {
  const above = held.get(stream);
  const shown = plainText(text);
  const line = shown.endsWith('\n') ? shown : `${shown}\n`;
  if (above) above(line);
  else stream.write(line);
}

/** Keys of a file, headers of a server and names in an archive are foreign text, which no terminal should obey. */
export function plainText(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((piece) => (piece === '\n' || piece === '\t' ? piece : printable(piece)))
    .join('');
}

/** Until it is disposed of, {@link writeMessage} leaves the writing on this stream to `above`. */
export function holdLines(stream: Writable, above: (text: string) => void): Disposable {
  held.set(stream, above);
  return { [Symbol.dispose]: () => void held.delete(stream) };
}
