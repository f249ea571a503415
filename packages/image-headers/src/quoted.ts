import { printable, redactText } from '@ec2-image/redact';

/** A header may hold megabytes of it, and every step here costs time. QEMU's own limit for a name is 1023 bytes. */
const maxForeignLength = 4096;

/**
 * Text out of a hostile header as it may stand in a message: in quotes, printable, short, and without credentials of a
 * URL. Of text above 4096 bytes only what comes before the first URL counts: where the URL is cut, its credentials
 * cannot be told.
 */
export function quoted(text: string | Buffer, maxLength = 100): string {
  const start =
    typeof text === 'string' ? text.slice(0, maxForeignLength) : text.toString('utf8', 0, maxForeignLength);
  const isCut = text.length > maxForeignLength;
  const shown = redactText(isCut ? start.split('://', 1)[0]! : start);
  const quotable = printable(shown, { maxLength });
  return JSON.stringify(isCut && !quotable.endsWith('…') ? `${quotable}…` : quotable);
}
