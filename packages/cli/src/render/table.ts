import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

const gap = '  ';
/** With less room than this, which takes a tag with its digest, the last column goes under its row. */
const leastWrapWidth = 48;
const indent = '    ';

/**
 * Columns as wide as their widest cell, two spaces between them, no trailing blanks. With a `width`, the last column is
 * wrapped so that lines keep within it; where the others leave too little room, it stands under its row instead. Where
 * they do not fit themselves, or with `fold`, for columns that are all short, each row takes several lines.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  { width, fold = false }: { readonly width?: number; readonly fold?: boolean } = {},
): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? '')), 0),
  );
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + gap.length, 0);
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell))))
      .join(gap)
      .trimEnd();
  if (width === undefined || before + (widths[last] ?? 0) <= width) return rows.map(line).join('\n');
  if (fold || before - gap.length > width) return foldRows(rows, { widths, width });
  const under = width - before < leastWrapWidth;
  return rows
    .flatMap((row, index) => {
      const cell = row[last] ?? '';
      const wrapped = wrapAnsi(cell, Math.max(1, under ? width - indent.length : width - before), {
        hard: true,
      }).split('\n');
      // The heading of a column that stands under its rows would stand under itself.
      if (under && index > 0) return [line(row.slice(0, last)), ...wrapped.map((part) => indent + part)];
      if (under) return [line(row.slice(0, last))];
      return [
        line([...row.slice(0, last), wrapped[0] ?? '']),
        ...wrapped.slice(1).map((part) => ' '.repeat(before) + part),
      ];
    })
    .join('\n');
}

/** As many columns on a line as there is room for; the lines below the first are indented. */
function foldRows(
  rows: readonly (readonly string[])[],
  { widths, width }: { readonly widths: readonly number[]; readonly width: number },
): string {
  const lines: number[][] = [];
  let left = 0;
  for (const [column, columnWidth] of widths.entries()) {
    const needed = gap.length + columnWidth;
    if (lines.length > 0 && needed <= left) lines.at(-1)!.push(column);
    else left = width + gap.length - (lines.push([column]) > 1 ? indent.length : 0);
    left -= needed;
  }
  return rows
    .flatMap((row) =>
      lines.flatMap((columns, index) => {
        const before = index === 0 ? '' : indent;
        const text = columns
          .map(
            (column) => row[column]! + ' '.repeat(Math.max(0, widths[column]! - stringWidth(row[column]!))),
          )
          .join(gap)
          .trimEnd();
        // Only a column alone on its line can be too wide.
        return wrapAnsi(text, Math.max(1, width - before.length), { hard: true, trim: columns.length === 1 })
          .split('\n')
          .map((part) => before + part);
      }),
    )
    .join('\n');
}
