import type { Writable } from 'node:stream';
import { redactText } from '@ec2-image/redact';
import { type ImageOutcome, type PublishOutcome, stepNames } from '../outcome.ts';
import { type RunView, type Stage, type StageProgress, silentView } from '../pipeline/progress.ts';
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

/** Steps that run at the same time: that the other one starts ends neither. */
const overlapping: Partial<Record<Stage, readonly Stage[]>> = {
  download: ['import', 'prove'],
  checksum: ['import'],
  import: ['download', 'checksum', 'convert', 'prove'],
  convert: ['upload', 'import'],
  upload: ['convert'],
  prove: ['import'],
};

interface Busy {
  stage: Stage;
  /** Of the stages that have not ended. */
  readonly startedAtMs: Map<Stage, number>;
  saidAtMs: number;
}

/** Plain lines, for logs: one as a stage starts, one as it ends, and one each half minute of a long one. */
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
  /** A stage that is not a step, and whose end nobody tells, lasts until the next thing begins. */
  const end = (
    image: string,
    isOver: (stage: Stage) => boolean,
    outcome: ImageOutcome | PublishOutcome | 'unknown' = 'imported',
  ) => {
    for (const [stage, sinceMs] of images.get(image)?.startedAtMs ?? []) {
      if (!isOver(stage)) continue;
      images.get(image)?.startedAtMs.delete(stage);
      say(image, `${stage}: ${describeEnd(outcome, (now() - sinceMs) / 1000)}`);
    }
  };
  return {
    stage(image, stage) {
      end(image, (other) => other !== stage && !overlapping[stage]?.includes(other));
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
      const stage = progress.stage ?? busy?.stage;
      const sinceMs = stage && busy?.startedAtMs.get(stage);
      if (!busy || sinceMs === undefined || now() - busy.saidAtMs < heartbeatMs) return;
      busy.saidAtMs = now();
      const elapsed = formatElapsed((now() - sinceMs) / 1000);
      say(image, `${stage}: ${describeProgress(progress)}, ${elapsed}`);
    },
    stageEnded: (image, stage, outcome) =>
      end(image, (other) => other === stage, outcome === 'failed' ? 'failed' : 'imported'),
    stepEnded(image, { step, outcome, seconds, bytes }) {
      end(image, isBetweenSteps);
      images.get(image)?.startedAtMs.delete(step);
      const took = outcome === 'done' ? ` in ${formatSeconds(seconds)}` : '';
      const moved = bytes
        ? `, ${formatBytes(bytes)}${seconds > 0 ? ` (${formatRate(bytes / seconds)})` : ''}`
        : '';
      say(image, `${step}: ${outcome}${took}${moved}`);
    },
    notice: (message, image) => say(image, redactText(message)),
    imageEnded(image, outcome, detail) {
      end(image, () => true, outcome);
      say(image, detail ? `${outcome}: ${detail}` : outcome);
    },
    pause: silentView.pause,
    close() {
      for (const image of images.keys()) end(image, () => true, 'unknown');
    },
  };
}

function isBetweenSteps(stage: Stage): boolean {
  return !(stepNames as readonly Stage[]).includes(stage);
}

/** `outcome` is the image's where that has ended: what it was busy with then is what failed. */
function describeEnd(outcome: ImageOutcome | PublishOutcome | 'unknown', seconds: number): string {
  if (outcome === 'failed' || outcome === 'interrupted') return outcome;
  return `${outcome === 'unknown' ? 'ended after' : 'done in'} ${formatSeconds(seconds)}`;
}

function describeProgress({ done, total, unit, note }: StageProgress): string {
  if (unit === 'none') return note ?? 'under way';
  const amount =
    unit === 'percent'
      ? formatPercent({ done, total: 100 })
      : total
        ? `${formatPortion({ done, total })} (${formatPercent({ done, total })})`
        : formatBytes(done);
  return note ? `${amount}, ${note}` : amount;
}
