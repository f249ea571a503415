import type { ImageHistory, ImageResult } from '../../outcome.ts';
import { formatBytes, formatSeconds } from '../format.ts';
import { type Html, html } from './html.ts';

/** From the first start to the last end of a run's images: what all bars are drawn in. */
export interface TimeScale {
  readonly startMs: number;
  readonly seconds: number;
}

/** Undefined where nothing was recorded. */
export function timeScaleOf(results: readonly ImageResult[]): TimeScale | undefined {
  const spans = results.flatMap(({ history }) => (history ? [history, ...history.stages] : []));
  if (spans.length === 0) return undefined;
  const starts = spans.map(({ startedAt }) => Date.parse(startedAt));
  const ends = spans.map(({ startedAt, seconds }) => Date.parse(startedAt) + seconds * 1000);
  const startMs = starts.reduce((one, other) => Math.min(one, other));
  const endMs = ends.reduce((one, other) => Math.max(one, other));
  return { startMs, seconds: Math.max((endMs - startMs) / 1000, 0.001) };
}

/** Every image as one bar: that they overlap is what the page shows of several. */
export function renderOverview(results: readonly ImageResult[], scale: TimeScale): Html {
  return html`<table class="time-line" role="table">
<caption>All images</caption>
${headOf(scale, 'Image')}
<tbody role="rowgroup">
${results.map(({ name, outcome, history }) =>
  history
    ? rowOf({ at: history.startedAt, what: name, kind: outcome, seconds: history.seconds, outcome, scale })
    : '',
)}
</tbody>
</table>`;
}

/** The stages of one image as bars, with its notices where they happened. */
export function renderTimeLine({ stages, notices }: ImageHistory, scale: TimeScale): Html {
  const rows = [
    ...stages.map(({ startedAt, ...span }) => ({ at: startedAt, span })),
    ...notices.map(({ at, message }) => ({ at, message })),
  ].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return html`<table class="time-line" role="table">
<caption>Time line</caption>
${headOf(scale, 'Stage or notice')}
<tbody role="rowgroup">
${rows.map((row) =>
  'message' in row
    ? noticeOf(row, scale)
    : rowOf({ at: row.at, what: row.span.stage, kind: row.span.outcome, ...row.span, scale }),
)}
</tbody>
</table>`;
}

function headOf(scale: TimeScale, what: string): Html {
  return html`<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col">At</th><th role="columnheader" scope="col">${what}</th>
<th role="columnheader" scope="col" class="bar"><span class="hidden">When</span>${axisOf(scale)}</th>
<th role="columnheader" scope="col">Took</th><th role="columnheader" scope="col">Outcome</th><th role="columnheader" scope="col">Moved</th>
</tr></thead>`;
}

const ticks = [0, 0.5, 1] as const;
const anchors = { 0: 'start', 0.5: 'middle', 1: 'end' } as const;

function axisOf({ seconds }: TimeScale): Html {
  return html`<svg class="axis" width="100%" height="16" aria-hidden="true" focusable="false">${ticks.map(
    (part) =>
      html`<text x="${part * 100}%" y="12" text-anchor="${anchors[part]}">${formatSeconds(part * seconds)}</text>`,
  )}</svg>`;
}

/** In percent: what took no time is to be seen. */
const leastWidth = 0.25;

function rowOf({
  at,
  what,
  kind,
  seconds,
  outcome,
  bytes,
  scale,
}: {
  readonly at: string;
  readonly what: string;
  readonly kind: string;
  readonly seconds: number;
  readonly outcome: string;
  readonly bytes?: number;
  readonly scale: TimeScale;
}): Html {
  const left = shareOf(at, scale);
  const width = Math.max(leastWidth, Math.min(100 - left, (100 * seconds) / scale.seconds));
  return html`<tr role="row" class="span">
<td role="cell" class="at">${offsetOf(at, scale)}</td><th role="rowheader" scope="row">${what}</th>
<td role="cell" class="bar"><svg width="100%" height="14" aria-hidden="true" focusable="false"><rect class="${kind}" x="${percent(left)}" y="1" width="${percent(width)}" height="12"/></svg></td>
<td role="cell" class="figure">${formatSeconds(seconds)}</td><td role="cell"><span class="outcome ${kind}">${outcome}</span></td><td role="cell" class="figure">${bytes ? formatBytes(bytes) : ''}</td>
</tr>
`;
}

function noticeOf(
  { at, message }: { readonly at: string; readonly message: string },
  scale: TimeScale,
): Html {
  const left = percent(shareOf(at, scale));
  return html`<tr role="row" class="notice">
<td role="cell" class="at">${offsetOf(at, scale)}</td><td role="cell">${message}</td>
<td role="cell" class="bar"><svg width="100%" height="14" aria-hidden="true" focusable="false"><circle class="notice" cx="${left}" cy="7" r="4"/></svg></td>
<td role="cell" colspan="3"></td>
</tr>
`;
}

function shareOf(at: string, { startMs, seconds }: TimeScale): number {
  return Math.min(100, Math.max(0, (Date.parse(at) - startMs) / 10 / seconds));
}

function percent(share: number): string {
  return `${Math.round(share * 100) / 100}%`;
}

function offsetOf(at: string, { startMs }: TimeScale): string {
  return `+${formatSeconds((Date.parse(at) - startMs) / 1000)}`;
}
