import { printable } from '@ec2-image/redact';

/** Markup, as opposed to text: only {@link html} makes it of anything but the page's own constants. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** Markup of a template: every value in it is text and is escaped, unless it is markup itself. Undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((text, index) => text + markupOf(values[index])).join(''));
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
  return value.map(markupOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** In content and in quoted attributes. Foreign text changes neither the direction of the text around it nor its lines. */
function escapeText(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((piece) => (piece === '\n' || piece === '\t' ? piece : printable(piece)))
    .join('')
    .replace(/[&<>"']/g, (character) => entities[character]!);
}
