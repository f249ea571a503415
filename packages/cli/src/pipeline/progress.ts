import type { ImageOutcome, PublishOutcome, StepName, StepOutcome } from '../outcome.ts';

/** What an image is busy with: a step, or something between the steps. */
export type Stage = StepName | 'checking' | 'waiting' | 'cleanup' | 'verify snapshot' | 'publish';

export interface StageProgress {
  readonly done: number;
  readonly total?: number;
  /** `none`: there is nothing to count. */
  readonly unit: 'bytes' | 'percent' | 'none';
  /** The service's own word for where it is, such as `converting`. */
  readonly note?: string;
  /** Of what, where two stages overlap. Default the one that was told last. */
  readonly stage?: Stage;
}

/** Shows a run while it lasts. Results do not go through here: they are stdout's. */
export interface RunView {
  /** An image of which no stage was told is queued. */
  stage(image: string, stage: Stage): void;
  progress(image: string, progress: StageProgress): void;
  /** Of a stage that is not a step. One of which this is not told counts as done when the next thing begins. */
  stageEnded(image: string, stage: Stage, outcome: 'done' | 'failed'): void;
  stepEnded(
    image: string,
    ended: { step: StepName; outcome: StepOutcome; seconds: number; bytes?: number },
  ): void;
  /** A sentence for people: a warning, or a decision worth knowing. */
  notice(message: string, image?: string): void;
  /** `detail` is the AMI, or the code of the error. */
  imageEnded(image: string, outcome: ImageOutcome | PublishOutcome, detail?: string): void;
  /** Until it is disposed of, nothing is redrawn: somebody is being asked something. */
  pause(): Disposable;
  close(): void;
}

/** `--quiet`: only what went wrong is said, and that by the result. */
export const silentView: RunView = {
  stage() {},
  progress() {},
  stageEnded() {},
  stepEnded() {},
  notice() {},
  imageEnded() {},
  pause: () => ({ [Symbol.dispose]() {} }),
  close() {},
};

/** Shows `work` as a stage that is not a step, with its outcome. One that is aborted did not fail. */
export async function showStage<T>(
  { view, image, stage, signal }: ShownStage,
  work: () => Promise<T>,
): Promise<T> {
  view.stage(image, stage);
  try {
    const value = await work();
    view.stageEnded(image, stage, 'done');
    return value;
  } catch (error) {
    if (!signal.aborted) view.stageEnded(image, stage, 'failed');
    throw error;
  }
}

interface ShownStage {
  readonly view: RunView;
  readonly image: string;
  readonly stage: Stage;
  readonly signal: AbortSignal;
}
