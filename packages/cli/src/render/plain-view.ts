import type { Writable } from 'node:stream';
import { redactText } from '@ec2-image/redact';
import type { RunView, Stage, StageProgress } from '../pipeline/progress.ts';
import {
  formatBytes,
  formatElapsed,
  formatPercent,
  formatPortion,
  formatRate,
  formatSeconds,
} from './format.ts';
import { writeMessage } from './messages.ts';

/** A log that nobody watches still shows that a long wait is alive. */
const heartbeatMs = 30_000;

interface Busy {
  stage: Stage;
  readonly startedAtMs: Map<Stage, number>;
  saidAtMs: number;
}

/** Plain lines, for logs: one as a step starts, one as it ends, and one each half minute of a long one. */
export function createPlainView({
  stream,
  now = Date.now,
}: {
  readonly stream: Writable;
  readonly now?: () => number;
}): RunView {
  const images = new Map<string, Busy>();
  const say = (image: string | undefined, message: string) =>
    writeMessage(stream, `${image ? `${image}: ` : ''}${message}`);
  return {
    stage(image, stage) {
      const busy = images.get(image) ?? { stage, startedAtMs: new Map(), saidAtMs: now() };
      images.set(image, busy);
      busy.stage = stage;
      // Two steps that overlap take turns in being shown: each starts once.
      if (busy.startedAtMs.has(stage)) return;
      busy.startedAtMs.set(stage, now());
      busy.saidAtMs = now();
      say(image, `${stage}: started`);
    },
    progress(image, progress) {
      const busy = images.get(image);
      if (!busy || now() - busy.saidAtMs < heartbeatMs) return;
      busy.saidAtMs = now();
      const elapsed = formatElapsed((now() - busy.startedAtMs.get(busy.stage)!) / 1000);
      say(image, `${busy.stage}: ${describeProgress(progress)}, ${elapsed}`);
    },
    stepEnded(image, { step, outcome, seconds, bytes }) {
      images.get(image)?.startedAtMs.delete(step);
      const took = outcome === 'done' ? ` in ${formatSeconds(seconds)}` : '';
      const moved = bytes
        ? `, ${formatBytes(bytes)}${seconds > 0 ? ` (${formatRate(bytes / seconds)})` : ''}`
        : '';
      say(image, `${step}: ${outcome}${took}${moved}`);
    },
    notice: (message, image) => say(image, redactText(message)),
    imageEnded: (image, outcome, detail) => say(image, detail ? `${outcome}: ${detail}` : outcome),
    close() {},
  };
}

function describeProgress({ done, total, unit, note }: StageProgress): string {
  const amount =
    unit === 'percent'
      ? formatPercent({ done, total: 100 })
      : total
        ? `${formatPortion({ done, total })} (${formatPercent({ done, total })})`
        : formatBytes(done);
  return note ? `${amount}, ${note}` : amount;
}
