import type { Writable } from 'node:stream';
import { type RunView, silentView } from '../pipeline/progress.ts';
import type { RunLog } from '../run-log.ts';
import { createPlainView } from './plain-view.ts';
import { createTerminalView } from './terminal-view.ts';
import type { WorkflowCommands } from './workflow-commands.ts';

export interface RunOutput {
  readonly stderr: Writable;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether it is shown how far a step is. */
  readonly progress: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In a step of GitHub Actions, whose log folds what is shown. */
  readonly actions?: WorkflowCommands;
}

/** The view that suits where stderr leads; what is shown goes into the log too, progress aside. */
export function openView({
  output: { stderr, quiet, verbose, progress, env, actions },
  images,
  log,
}: {
  readonly output: RunOutput;
  readonly images: readonly string[];
  readonly log: RunLog;
}): RunView {
  if (quiet) return logged(silentView, log);
  const { isTTY, columns } = stderr as { isTTY?: boolean; columns?: number };
  // A terminal that nobody has given a size says 0: nothing can be laid out in it.
  const terminal = isTTY === true && columns !== 0 && env.TERM !== 'dumb' && !env.CI;
  // Lines about calls and lines redrawn in place do not go together.
  const view =
    terminal && !verbose && progress
      ? createTerminalView({ stream: stderr, images })
      : { ...createPlainView({ stream: stderr }), ...(!progress && { progress() {} }) };
  return logged(actions ? folded(view, actions.group(`Progress of ${images.join(', ')}`)) : view, log);
}

function folded(view: RunView, group: Disposable): RunView {
  return {
    ...view,
    close() {
      view.close();
      group[Symbol.dispose]();
    },
  };
}

function logged(view: RunView, log: RunLog): RunView {
  return {
    ...view,
    stage(image, stage) {
      log.event('stage', { image, stage });
      view.stage(image, stage);
    },
    stageEnded(image, stage, outcome) {
      log.event('stageEnded', { image, stage, outcome });
      view.stageEnded(image, stage, outcome);
    },
    stepEnded(image, ended) {
      log.event('step', { image, ...ended });
      view.stepEnded(image, ended);
    },
    notice(message, image) {
      log.event('notice', { image, message });
      view.notice(message, image);
    },
    imageEnded(image, outcome, detail) {
      log.event('end', { image, outcome, detail });
      view.imageEnded(image, outcome, detail);
    },
  };
}
