import type { Writable } from 'node:stream';
import { redactText } from '@ec2-image/provenance';
import { formatBytes, formatRate, formatSeconds } from './format.ts';
import type { RunView, Stage, StageProgress } from '../pipeline/progress.ts';

/** A log that nobody watches still shows that a long wait is alive. */
const heartbeatMs = 30_000;

/** Plain lines, for logs: one as a step ends, and one each half minute of a long one. */
export function createPlainView({
  stream,
  now = Date.now,
}: {
  readonly stream: Writable;
  readonly now?: () => number;
}): RunView {
  const stages = new Map<string, { stage: Stage; saidAtMs: number }>();
  const say = (image: string | undefined, message: string) =>
    stream.write(`${image ? `${image}: ` : ''}${message}\n`);
  return {
    stage(image, stage) {
      stages.set(image, { stage, saidAtMs: now() });
    },
    progress(image, progress) {
      const current = stages.get(image);
      if (!current || now() - current.saidAtMs < heartbeatMs) return;
      current.saidAtMs = now();
      say(image, `${current.stage}: ${describeProgress(progress)}`);
    },
    stepEnded(image, { step, outcome, seconds, bytes }) {
      const took = outcome === 'done' ? ` in ${formatSeconds(seconds)}` : '';
      const moved = bytes
        ? `, ${formatBytes(bytes)}${seconds > 0 ? ` (${formatRate(bytes / seconds)})` : ''}`
        : '';
      say(image, `${step}: ${outcome}${took}${moved}`);
    },
    notice: (message, image) => say(image, redactText(message)),
    imageEnded: (image, summary) => say(image, summary),
    close() {},
  };
}

export function describeProgress({ done, total, unit, note }: StageProgress): string {
  const amount =
    unit === 'percent'
      ? `${Math.floor(done)} %`
      : total
        ? `${formatBytes(done)} of ${formatBytes(total)} (${Math.floor((100 * done) / total)} %)`
        : formatBytes(done);
  return note ? `${amount}, ${note}` : amount;
}
