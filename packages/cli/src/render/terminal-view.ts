import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { redactText } from '@ec2-image/provenance';
import { createLogUpdate } from 'log-update';
import { formatBytes, formatRate, formatSeconds } from './format.ts';
import { createRateMeter, type RateMeter } from './rate.ts';
import type { RunView, Stage, StageProgress } from '../pipeline/progress.ts';

interface Row {
  stage: Stage;
  progress?: StageProgress;
  rate: RateMeter;
  /** Set when the image has ended: what its line says from then on. */
  summary?: string;
}

const refreshMs = 100;
const barWidth = 24;

/** A line an image, redrawn in place: stage, bar, rate, time left. Notices scroll above them. */
export function createTerminalView({
  stream,
  images,
  now = Date.now,
}: {
  readonly stream: Writable & { readonly columns?: number };
  readonly images: readonly string[];
  readonly now?: () => number;
}): RunView {
  const rows = new Map<string, Row>(
    images.map((image) => [image, { stage: 'look up', rate: createRateMeter() }]),
  );
  const update = createLogUpdate(stream, { showCursor: true });
  const nameWidth = Math.max(...images.map((image) => image.length));
  const draw = () =>
    update(
      [...rows]
        .map(([image, row]) => renderRow({ image, row, nameWidth, columns: stream.columns ?? 80 }))
        .join('\n'),
    );
  const timer = setInterval(draw, refreshMs);
  timer.unref();
  return {
    stage(image, stage) {
      rows.set(image, { stage, rate: createRateMeter() });
    },
    progress(image, progress) {
      const row = rows.get(image);
      if (!row) return;
      row.progress = progress;
      row.rate.add({ atMs: now(), done: progress.done });
    },
    stepEnded() {},
    notice(message, image) {
      update.clear();
      stream.write(`${image ? `${image}: ` : ''}${redactText(message)}\n`);
      draw();
    },
    imageEnded(image, summary) {
      const row = rows.get(image);
      if (row) row.summary = summary;
    },
    close() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** Pure. A row is cut rather than wrapped: a wrapped one could not be redrawn in place. */
export function renderRow({
  image,
  row,
  nameWidth,
  columns,
}: {
  readonly image: string;
  readonly row: Row;
  readonly nameWidth: number;
  readonly columns: number;
}): string {
  const head = `${image.padEnd(nameWidth)}  `;
  const width = columns - 1;
  const { progress, rate, stage, summary } = row;
  if (summary !== undefined) return `${head}${summary}`.slice(0, width);
  const amount = progress ? progressText(progress, rate.perSecond()) : '';
  const stageText = stage.padEnd(8);
  const barRoom = Math.min(barWidth, width - head.length - stageText.length - amount.length - 4);
  const fraction = progress && progressFraction(progress);
  const bar = fraction === undefined || barRoom < 8 ? undefined : renderBar(fraction, barRoom);
  const plain = [`${head}${stageText}`, bar, amount].filter(Boolean).join('  ').slice(0, width);
  const styled = plain.slice(head.length, head.length + stageText.length);
  return `${plain.slice(0, head.length)}${styleText('bold', styled)}${plain.slice(head.length + styled.length)}`;
}

function progressFraction({ done, total, unit }: StageProgress): number | undefined {
  if (unit === 'percent') return done / 100;
  return total ? done / total : undefined;
}

function renderBar(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

function progressText({ done, total, unit, note }: StageProgress, perSecond: number | undefined): string {
  const parts =
    unit === 'percent'
      ? [`${Math.floor(done)} %`]
      : [
          total ? `${Math.floor((100 * done) / total)} %` : undefined,
          total ? `${formatBytes(done)}/${formatBytes(total)}` : formatBytes(done),
          perSecond === undefined ? undefined : formatRate(perSecond),
          total && perSecond ? `${formatSeconds(Math.ceil((total - done) / perSecond))} left` : undefined,
        ];
  return [...parts, note].filter((part) => part !== undefined).join('  ');
}
