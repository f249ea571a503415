import { redactText } from '@ec2-image/provenance';

/** A header may hold megabytes of it, and every step here costs time. QEMU's own limit for a name is 1023. */
const maxForeignLength = 4096;

/**
 * Text out of a hostile header as it may stand in a message: one line, ASCII, short, and no credentials of a URL. Of text above 4096 bytes only what
 * comes before the first URL counts: where the URL is cut, its credentials cannot be told.
 */
export function printable(text: string | Buffer, maxLength = 100): string {
  const start =
    typeof text === 'string' ? text.slice(0, maxForeignLength) : text.toString('latin1', 0, maxForeignLength);
  const isCut = text.length > maxForeignLength;
  const shown = redactText(isCut ? start.split('://', 1)[0]! : start).replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(isCut || shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown);
}
