import { type Html, html } from './html.ts';

/** @param at ISO 8601 */
export function timeOf(at: string): Html {
  return html`<time datetime="${at}">${at}</time>`;
}
