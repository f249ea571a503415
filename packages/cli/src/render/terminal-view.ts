import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { redactText } from '@ec2-image/redact';
import { createLogUpdate } from 'log-update';
import stringWidth from 'string-width';
import type { ImageOutcome, PublishOutcome } from '../outcome.ts';
import type { RunView, Stage, StageProgress } from '../pipeline/progress.ts';
import { type Row, renderFrame } from './live-rows.ts';
import { holdLines, writeMessage } from './messages.ts';
import { createRateMeter, type RateMeter } from './rate.ts';

/** What is told of one image. One of which nothing was told is queued. */
interface Told {
  readonly startedAtMs: number;
  stage: Stage;
  readonly stageStartedAtMs: Map<Stage, number>;
  rate: RateMeter;
  progress?: StageProgress;
  ended?: {
    readonly outcome: ImageOutcome | PublishOutcome;
    readonly detail?: string;
    readonly atMs: number;
  };
}

const refreshMs = 100;

type Terminal = Writable & { readonly columns?: number; readonly rows?: number };

/** A line an image, redrawn in place. Messages scroll above them. */
export function createTerminalView({
  stream,
  images,
  now = Date.now,
}: {
  readonly stream: Terminal;
  readonly images: readonly string[];
  readonly now?: () => number;
}): RunView {
  const told = new Map<string, Told>();
  const frame = createFrame(stream);
  const bold = (text: string) => styleText('bold', text, { stream });
  let pauses = 0;
  let unwritten = '';
  const draw = () => {
    if (pauses > 0) return;
    frame.draw(
      renderFrame({
        rows: images.map((image) => rowOf(image, told.get(image), now())),
        columns: stream.columns || 80,
        // The other half is for the messages above, and for what a narrower window wraps.
        maxLines: Math.max(1, Math.floor((stream.rows || 24) / 2)),
        bold,
      }),
    );
  };
  const lines = holdLines(stream, (text) => {
    unwritten += text;
    if (pauses === 0) writeUnwritten();
  });
  function writeUnwritten(): void {
    frame.clear();
    stream.write(unwritten);
    unwritten = '';
    draw();
  }
  const timer = setInterval(draw, refreshMs);
  timer.unref();
  stream.on('resize', draw);
  return {
    stage(image, stage) {
      const current = told.get(image);
      if (!current) {
        told.set(image, {
          startedAtMs: now(),
          stage,
          stageStartedAtMs: new Map([[stage, now()]]),
          rate: createRateMeter(),
        });
        return;
      }
      // Two steps that overlap are shown in turn; the time of each keeps running.
      if (!current.stageStartedAtMs.has(stage)) current.stageStartedAtMs.set(stage, now());
      Object.assign(current, { stage, progress: undefined, rate: createRateMeter() });
    },
    progress(image, progress) {
      const current = told.get(image);
      if (!current) return;
      const { stage = current.stage } = progress;
      if (stage !== current.stage) {
        // The other one of two that overlap is shown as long as it lasts.
        if (current.stageStartedAtMs.has(current.stage)) return;
        Object.assign(current, { stage, rate: createRateMeter() });
      }
      current.progress = progress;
      current.rate.add({ atMs: now(), done: progress.done });
    },
    stageEnded(image, stage) {
      told.get(image)?.stageStartedAtMs.delete(stage);
    },
    stepEnded(image, { step }) {
      told.get(image)?.stageStartedAtMs.delete(step);
    },
    notice: (message, image) => writeMessage(stream, `${image ? `${image}: ` : ''}${redactText(message)}`),
    imageEnded(image, outcome, detail) {
      const current = told.get(image);
      if (current) current.ended = { outcome, detail, atMs: now() };
    },
    pause() {
      pauses += 1;
      frame.clear();
      return {
        [Symbol.dispose]() {
          pauses -= 1;
          if (pauses === 0) writeUnwritten();
        },
      };
    },
    close() {
      clearInterval(timer);
      stream.off('resize', draw);
      lines[Symbol.dispose]();
      // A run that could not start any image leaves no lines behind.
      if (told.size === 0) frame.clear();
      else draw();
      frame.done();
    },
  };
}

function rowOf(image: string, told: Told | undefined, atMs: number): Row {
  if (!told) return { image, state: 'queued', label: 'queued' };
  const { startedAtMs, stage, stageStartedAtMs, progress, rate, ended } = told;
  if (ended) {
    const { outcome, detail } = ended;
    return {
      image,
      state: 'ended',
      label: outcome,
      detail,
      elapsedSeconds: (ended.atMs - startedAtMs) / 1000,
    };
  }
  const since = stageStartedAtMs.get(stage) ?? atMs;
  return { image, state: 'active', label: stage, elapsedSeconds: (atMs - since) / 1000, progress, rate };
}

/** Lines that are redrawn in place. */
function createFrame(stream: Terminal) {
  const update = createLogUpdate(stream, { showCursor: true });
  let drawn: readonly string[] = [];
  /** A terminal that has become narrower has wrapped the lines that are on it: log-update counts them as they were. */
  const eraseWrapped = () => {
    const columns = stream.columns || 80;
    const wrapped = drawn.reduce(
      (rows, line) => rows + Math.max(0, Math.ceil(stringWidth(line) / columns) - 1),
      0,
    );
    if (wrapped > 0) stream.write(`${eraseLine}${`${cursorUp}${eraseLine}`.repeat(wrapped)}\r`);
  };
  return {
    draw(lines: readonly string[]) {
      eraseWrapped();
      update(lines.join('\n'));
      drawn = lines;
    },
    clear() {
      eraseWrapped();
      update.clear();
      drawn = [];
    },
    done() {
      update.done();
      drawn = [];
    },
  };
}

const eraseLine = '\u001b[2K';
const cursorUp = '\u001b[1A';
