import { printable, redactText } from '@ec2-image/redact';

const maxLength = 100;

/** Text out of a hostile header as it may stand in a message: in quotes, one line, short, and no credentials of a URL. */
export function quoted(text: string | Buffer): string {
  return JSON.stringify(printable(redactText(String(text)), { maxLength }));
}
