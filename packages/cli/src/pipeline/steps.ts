import type { StepName, StepOutcome, StepReport } from '../outcome.ts';
import { stepNames } from '../outcome.ts';
import type { RunView } from './progress.ts';

export interface StepResult {
  readonly outcome?: Exclude<StepOutcome, 'skipped'>;
  readonly bytes?: number;
}

/** The steps of one image as they are taken, timed, shown, and remembered for the result. */
export interface Steps {
  /**
   * Runs `work` as the step. What it throws marks the step as failed, and is rethrown.
   *
   * @param result undefined of a value with which the step has not ended: it is to be taken again
   * @param options.isBehind another step runs beside it, and is the one to be shown. Default false.
   * @param options.isUnwanted whether it has ended as nobody needs it: then it has not failed, and was never taken
   */
  take<T>(
    step: StepName,
    work: () => Promise<T>,
    result?: (value: T) => StepResult | undefined,
    options?: { readonly isBehind?: boolean; readonly isUnwanted?: () => boolean },
  ): Promise<T>;
  /** A step that something else has done on its way: there is nothing to run. */
  record(step: StepName, result?: StepResult): void;
  /** What this step would have made exists. */
  reuse(step: StepName): void;
  /** All of them, in order; those never taken are `skipped`. */
  report(): StepReport[];
}

export function createSteps({
  image,
  view,
  now = () => performance.now(),
}: {
  readonly image: string;
  readonly view: RunView;
  readonly now?: () => number;
}): Steps {
  const taken = new Map<StepName, StepReport>();
  const end = (report: StepReport) => {
    taken.set(report.step, report);
    view.stepEnded(image, report);
  };
  const isDone = (step: StepName) => ['done', 'reused'].includes(taken.get(step)?.outcome ?? '');
  return {
    async take(step, work, result = () => ({}), { isBehind = false, isUnwanted = () => false } = {}) {
      const isRepeated = isShared(step) && isDone(step);
      if (!isRepeated && !isBehind) view.stage(image, step);
      const startedAt = now();
      const seconds = () => Math.round(now() - startedAt) / 1000;
      try {
        const value = await work();
        const ended = result(value);
        // What this run made, or found, is found again: no news.
        if (ended && !(isRepeated && ended.outcome === 'reused')) {
          const { outcome = 'done', bytes } = ended;
          end({ step, outcome, seconds: seconds(), ...(bytes !== undefined && { bytes }) });
        }
        return value;
      } catch (error) {
        if (!isUnwanted()) end({ step, outcome: 'failed', seconds: seconds() });
        throw error;
      }
    },
    record(step, { outcome = 'done', bytes } = {}) {
      if (taken.get(step)?.outcome === outcome) return;
      end({ step, outcome, seconds: 0, ...(bytes !== undefined && { bytes }) });
    },
    reuse(step) {
      if (!isDone(step)) end({ step, outcome: 'reused', seconds: 0 });
    },
    report: () => stepNames.map((step) => taken.get(step) ?? { step, outcome: 'skipped', seconds: 0 }),
  };
}

/** The image is asked for by each that reads it: a conversion that is repeated is work, and this is not. */
function isShared(step: StepName): boolean {
  return step === 'download';
}
