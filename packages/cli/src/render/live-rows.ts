import stringWidth from 'string-width';
import type { ImageOutcome, PublishOutcome } from '../outcome.ts';
import type { Stage, StageProgress } from '../pipeline/progress.ts';
import { formatBytes, formatElapsed, formatPercent, formatPortion, formatRate } from './format.ts';
import type { RateMeter } from './rate.ts';

/** One image, as the live view shows it. */
export interface Row {
  readonly image: string;
  readonly state: 'queued' | 'active' | 'ended';
  /** What is shown for it: its stage, or how it ended. */
  readonly label: Stage | ImageOutcome | PublishOutcome | PublishOutcome | 'queued';
  /** Of the stage; of the whole image where it has ended. */
  readonly elapsedSeconds?: number;
  readonly progress?: StageProgress;
  readonly rate?: Pick<RateMeter, 'perSecond'>;
  /** What an ended image came to. */
  readonly detail?: string;
}

const order = { active: 0, queued: 1, ended: 2 } as const;

/**
 * The lines to show, each narrower than the terminal: a wrapped one could not be redrawn in place. Active images come
 * first; where there are more images than lines, the last line counts them all.
 */
export function renderFrame({
  rows,
  columns,
  maxLines,
  bold = (text) => text,
}: {
  readonly rows: readonly Row[];
  readonly columns: number;
  readonly maxLines: number;
  readonly bold?: (text: string) => string;
}): string[] {
  const width = Math.max(1, columns - 1);
  const sorted = rows.toSorted((a, b) => order[a.state] - order[b.state]);
  const fits = sorted.length <= maxLines;
  const shown = fits ? sorted : sorted.slice(0, Math.max(0, maxLines - 1));
  const nameWidth = Math.min(maxNameWidth, Math.max(...rows.map(({ image }) => stringWidth(image))));
  const layout = layoutOf(width - nameWidth - labelWidth - 2 * gap.length);
  return [
    ...shown.map((row) => renderRow(row, { layout, nameWidth, width, bold })),
    ...(fits ? [] : [renderTotals(rows).slice(0, width)]),
  ];
}

const maxNameWidth = 24;
/** Of `verify snapshot`. */
const labelWidth = 15;
const gap = '  ';

/** Columns after name and label, in the order in which they stand, with their widths. The bar takes what is left. */
const widths = { elapsed: 7, percent: 4, bar: 0, amount: 13, rate: 10, left: 12 } as const;
type Column = keyof typeof widths;
/** Where room is short, those at the end are left out. */
const priority: readonly Column[] = ['elapsed', 'percent', 'left', 'rate', 'amount'];
const barWidth = { least: 8, most: 24 } as const;
/** What bytes fill, and a row without an amount leaves empty: its note stands there. */
const ofBytes: ReadonlySet<Column> = new Set(['amount', 'rate', 'left']);
/** A shorter piece of a note says nothing. */
const leastNote = 8;

type Layout = readonly { readonly column: Column; readonly width: number }[];

/** The same for all rows, so that the columns do not move. */
function layoutOf(room: number): Layout {
  const chosen = new Map<Column, number>();
  let left = room;
  for (const column of priority) {
    const needs = widths[column] + gap.length;
    if (left < needs) break;
    left -= needs;
    chosen.set(column, widths[column]);
  }
  const bar = Math.min(barWidth.most, left - gap.length);
  if (chosen.size === priority.length && bar >= barWidth.least) chosen.set('bar', bar);
  return (Object.keys(widths) as Column[]).flatMap((column) => {
    const width = chosen.get(column);
    return width === undefined ? [] : [{ column, width }];
  });
}

function renderRow(
  row: Row,
  {
    layout,
    nameWidth,
    width,
    bold,
  }: {
    readonly layout: Layout;
    readonly nameWidth: number;
    readonly width: number;
    readonly bold: (text: string) => string;
  },
): string {
  const name = cut(row.image, nameWidth).padEnd(nameWidth);
  const label = row.label.padEnd(labelWidth);
  const cells = cellsOf(row);
  const rest =
    row.state === 'ended'
      ? [cells.elapsed?.padStart(widths.elapsed), row.detail]
      : layout
          .filter(({ column }) => cells.amount !== undefined || !ofBytes.has(column))
          .map(({ column, width: size }) =>
            column === 'bar' ? renderBar(row.progress, size) : (cells[column] ?? '').padStart(size),
          );
  const fixed = [name, label, ...rest.filter((cell) => cell !== undefined)].join(gap);
  const note = row.state === 'active' ? row.progress?.note : undefined;
  const hasRoom = note && fixed.length + gap.length + Math.min(note.length, leastNote) <= width;
  const line = cut((hasRoom ? `${fixed}${gap}${note}` : fixed).trimEnd(), width);
  const head = nameWidth + gap.length;
  return `${line.slice(0, head)}${bold(line.slice(head, head + labelWidth))}${line.slice(head + labelWidth)}`;
}

function cellsOf({
  elapsedSeconds,
  progress,
  rate,
}: Row): Partial<Record<Exclude<Column, 'bar'>, string | undefined>> {
  const elapsed = elapsedSeconds === undefined ? undefined : formatElapsed(elapsedSeconds);
  if (!progress) return { elapsed };
  const { done, total, unit } = progress;
  if (unit === 'none') return { elapsed };
  if (unit === 'percent') return { elapsed, percent: formatPercent({ done, total: 100 }) };
  const perSecond = rate?.perSecond();
  const secondsLeft = total && perSecond ? Math.ceil((total - done) / perSecond) : 0;
  return {
    elapsed,
    percent: total ? formatPercent({ done, total }) : undefined,
    amount: total ? formatPortion({ done, total }) : formatBytes(done),
    rate: perSecond === undefined ? undefined : formatRate(perSecond),
    left: secondsLeft > 0 ? `${formatElapsed(secondsLeft)} left` : undefined,
  };
}

function renderBar(progress: StageProgress | undefined, width: number): string {
  const total = progress?.unit === 'percent' ? 100 : progress?.total;
  if (!progress || !total) return ' '.repeat(width);
  const full = Math.round(Math.min(1, Math.max(0, progress.done / total)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

function renderTotals(rows: readonly Row[]): string {
  const counts = new Map<string, number>([
    ['active', 0],
    ['queued', 0],
  ]);
  for (const { state, label } of rows) {
    const key = state === 'ended' ? label : state;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const parts = [...counts].filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `${rows.length} images: ${parts.join(', ')}`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
