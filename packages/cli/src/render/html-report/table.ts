import { type Html, type HtmlValue, html } from './html.ts';

/**
 * A table whose first cells head their rows. Where it is narrow its rows are no longer laid out as one, which takes the
 * meaning of its elements too: the roles keep it.
 */
export function renderHtmlTable({
  caption,
  columns,
  rows,
}: {
  readonly caption?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly HtmlValue[])[];
}): Html {
  return html`<table class="list" role="table">
${caption === undefined ? '' : html`<caption>${caption}</caption>\n`}<thead role="rowgroup"><tr role="row">${columns.map(
    (column) => html`<th role="columnheader" scope="col">${column}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${rows.map(
  ([head, ...cells]) =>
    html`<tr role="row"><th role="rowheader" scope="row">${head}</th>${cells.map(
      (cell) => html`<td role="cell">${cell}</td>`,
    )}</tr>\n`,
)}</tbody>
</table>`;
}
