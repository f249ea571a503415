import {
  type Plan,
  type RecycledFound,
  resourcesToChange,
  type SweepOutcome,
  type WorkFiles,
} from '@ec2-image/janitor';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';

/** One run of the janitor, told or done. */
export interface JanitorResult {
  readonly plan: Plan;
  /** What became of that which a saved plan names, and which would not be deleted now. Undefined without one. */
  readonly missing?: readonly SweepOutcome[];
  /** Undefined where nothing was to be done about it, or the cap stopped it. */
  readonly outcomes?: readonly SweepOutcome[];
  /** What of the deleted is in the Recycle Bin. Undefined where nothing was to be done. */
  readonly recycled?: RecycledFound;
  /** Undefined where they were not asked for. */
  readonly workFiles?: readonly WorkFiles[];
  /** Of `workFiles`, those that were removed. */
  readonly removedWorkFiles?: readonly WorkFiles[];
  /** The cap that the plan goes beyond. */
  readonly stoppedByCap?: number;
}

/** Ours, and no run works with it. */
export function isDead({ live, foreign }: WorkFiles): boolean {
  return !live && foreign === undefined;
}

export function janitorExitCode(result: JanitorResult): ExitCode {
  const { plan, missing = [], outcomes, workFiles = [], removedWorkFiles, stoppedByCap } = result;
  const left =
    (outcomes === undefined && resourcesToChange(plan).length > 0) ||
    (removedWorkFiles === undefined && workFiles.some(isDead));
  return worstExitCode([
    stoppedByCap === undefined ? exitCodes.done : exitCodes.capped,
    plan.gaps.length > 0 || (outcomes ?? missing).some(({ outcome }) => outcome === 'failed')
      ? exitCodes.incomplete
      : exitCodes.done,
    left ? exitCodes.leftovers : exitCodes.done,
  ]);
}
