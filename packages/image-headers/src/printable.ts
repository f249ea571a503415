import { redactText } from '@ec2-image/redact';

/** Text out of a hostile header as it may stand in a message: one line, ASCII, short, and no credentials of a URL. */
export function printable(text: string | Buffer, maxLength = 100): string {
  const shown = redactText(typeof text === 'string' ? text : text.toString('latin1')).replace(
    /[^\x20-\x7e]/g,
    '?',
  );
  return JSON.stringify(shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown);
}
