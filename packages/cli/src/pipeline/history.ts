import { redactText } from '@ec2-image/redact';
import type { AwsCall } from '../aws/observe-calls.ts';
import type { ImageHistory, RepeatedRequests, StageSpan, TimedNotice } from '../outcome.ts';
import { stepNames } from '../outcome.ts';
import type { RunView, Stage } from './progress.ts';

/** What happened in a run, and when: for its document and its report. */
export interface RunHistory {
  /** The same view; what is told to it is recorded, progress aside. */
  recorded(view: RunView): RunView;
  call(call: AwsCall): void;
  /** Of an image that has ended; undefined of one that nothing was told of. */
  of(image: string): ImageHistory | undefined;
  retries(): RepeatedRequests[];
}

/** A run that warns at each of a million blocks fills neither memory nor page. */
const maxNotices = 500;

interface Recorded {
  readonly startedAtMs: number;
  readonly open: Map<Stage, number>;
  readonly stages: StageSpan[];
  readonly notices: TimedNotice[];
  unrecorded: number;
  endedAtMs?: number;
}

export function createRunHistory({ now = Date.now }: { readonly now?: () => number } = {}): RunHistory {
  const images = new Map<string, Recorded>();
  const retries = createRetries(now);
  const of = (image: string): Recorded => {
    const known = images.get(image);
    if (known) return known;
    const recorded = { startedAtMs: now(), open: new Map(), stages: [], notices: [], unrecorded: 0 };
    images.set(image, recorded);
    return recorded;
  };
  const end = (recorded: Recorded, stage: Stage, outcome: StageSpan['outcome']) => {
    const startedAtMs = recorded.open.get(stage);
    if (startedAtMs === undefined) return;
    recorded.open.delete(stage);
    recorded.stages.push(spanOf({ stage, startedAtMs, endedAtMs: now(), outcome }));
  };
  /** One of which nobody tells the end lasts until the next thing begins. */
  const endBetween = (recorded: Recorded) => {
    for (const stage of recorded.open.keys()) if (!isStep(stage)) end(recorded, stage, 'done');
  };
  const note = (recorded: Recorded, message: string) => {
    if (recorded.notices.length >= maxNotices) recorded.unrecorded += 1;
    else recorded.notices.push({ at: iso(now()), message: redactText(message) });
  };
  return {
    recorded: (view) => ({
      ...view,
      stage(image, stage) {
        const recorded = of(image);
        if (!recorded.open.has(stage)) {
          endBetween(recorded);
          recorded.open.set(stage, now());
        }
        view.stage(image, stage);
      },
      stageEnded(image, stage, outcome) {
        end(of(image), stage, outcome);
        view.stageEnded(image, stage, outcome);
      },
      stepEnded(image, ended) {
        const { step, outcome, seconds, bytes } = ended;
        const recorded = of(image);
        endBetween(recorded);
        recorded.open.delete(step);
        if (outcome !== 'skipped') {
          const endedAtMs = now();
          const startedAtMs = endedAtMs - seconds * 1000;
          recorded.stages.push(spanOf({ stage: step, startedAtMs, endedAtMs, outcome, bytes }));
        }
        view.stepEnded(image, ended);
      },
      notice(message, image) {
        if (image !== undefined) note(of(image), message);
        view.notice(message, image);
      },
      imageEnded(image, outcome, detail) {
        const recorded = of(image);
        const isOver = outcome === 'failed' || outcome === 'interrupted';
        for (const stage of [...recorded.open.keys()]) {
          if (isOver) end(recorded, stage, outcome);
          else if (!isStep(stage)) end(recorded, stage, 'done');
        }
        recorded.endedAtMs = now();
        view.imageEnded(image, outcome, detail);
      },
    }),
    call: retries.call,
    of(image) {
      const recorded = images.get(image);
      return recorded && historyOf(recorded, now());
    },
    retries: retries.list,
  };
}

function historyOf(
  { startedAtMs, endedAtMs, stages, notices, unrecorded }: Recorded,
  nowMs: number,
): ImageHistory {
  return {
    startedAt: iso(startedAtMs),
    seconds: secondsOf((endedAtMs ?? nowMs) - startedAtMs),
    stages: stages.toSorted((one, other) => compare(one.startedAt, other.startedAt)),
    notices:
      unrecorded > 0
        ? [...notices, { at: notices.at(-1)!.at, message: `${unrecorded} more are in the log alone` }]
        : [...notices],
  };
}

/** Counted by what was repeated and why: throttling repeats thousands. */
function createRetries(now: () => number): Pick<RunHistory, 'call'> & { list(): RepeatedRequests[] } {
  const lastErrors = new Map<string, string>();
  const counted = new Map<string, RepeatedRequests>();
  return {
    call({ service, operation, attempt, error }) {
      const what = `${service} ${operation}`;
      if (attempt > 1) {
        const reason = lastErrors.get(what) ?? 'no answer';
        const key = `${what} ${reason}`;
        const lastAt = iso(now());
        const { count = 0, firstAt = lastAt } = counted.get(key) ?? {};
        counted.set(key, { service, operation, error: reason, count: count + 1, firstAt, lastAt });
      }
      if (error !== undefined) lastErrors.set(what, error);
    },
    list: () => [...counted.values()].toSorted((one, other) => compare(one.firstAt, other.firstAt)),
  };
}

function isStep(stage: Stage): boolean {
  return (stepNames as readonly Stage[]).includes(stage);
}

function spanOf({
  stage,
  startedAtMs,
  endedAtMs,
  outcome,
  bytes,
}: {
  readonly stage: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: StageSpan['outcome'];
  readonly bytes?: number;
}): StageSpan {
  return {
    stage,
    startedAt: iso(startedAtMs),
    seconds: secondsOf(endedAtMs - startedAtMs),
    outcome,
    ...(bytes !== undefined && { bytes }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
