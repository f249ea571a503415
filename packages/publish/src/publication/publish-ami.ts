import type { Change } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { answered, refuse } from './check-targets.ts';
import { moveLatest } from './move-latest.ts';
import { planRegion, type RegionPlan } from './plan-region.ts';
import { type PublishStep, publishRegion, type RegionProgress } from './publish-region.ts';
import type { PublishSource, PublishTarget } from './target.ts';

export interface PublishAmiOptions {
  readonly source: PublishSource;
  readonly targets: readonly PublishTarget[];
  /** Whether what is not configured any more is revoked. Default false: it is reported as withheld. */
  readonly revoke?: boolean;
  /** Whether `latest` moves to an AMI that is not known to be newer. Default false. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** Told once, before anything is changed; regions that have not answered by then are not in it. */
  readonly onPlan?: (plans: readonly RegionPlan[]) => void;
  /** Called before any copy is made, once the plan has been told. What it throws ends the publication, or that of a late region. */
  readonly confirmCopies?: () => Promise<void>;
  readonly onChange?: (region: string, change: Change) => void;
  /** As each region ends. */
  readonly onRegion?: (region: PublishedRegion) => void;
}

/** What became of one region. */
export interface PublishedRegion {
  readonly region: string;
  readonly required: boolean;
  /** `withheld`: all is as configured but for what may be revoked only when told to. */
  readonly outcome: 'published' | 'unchanged' | 'withheld' | 'failed';
  readonly imageId?: string;
  readonly snapshotId?: string;
  readonly made: readonly Change[];
  readonly withheld: readonly Change[];
  readonly steps: ReadonlyMap<PublishStep, 'done' | 'reused' | 'failed'>;
  readonly error?: unknown;
}

/**
 * Publishes an AMI: each region by itself, so that one that fails or never answers costs the others nothing; then, once all required
 * regions are as configured, the parameters that name the latest AMI. Running it again is the recovery: it changes nothing that
 * is as configured.
 *
 * @returns the regions in the order of the targets; failures are in there
 * @throws PublishError where a required region could not be shared as configured, before anything is changed
 */
export async function publishAmi(options: PublishAmiOptions): Promise<PublishedRegion[]> {
  const { source, targets, signal, onPlan } = options;
  const planned = targets.map((target) => planRegion(source, target));
  const known = await answered(planned);
  signal?.throwIfAborted();
  onPlan?.(known);
  refuse(known);
  if (known.some(needsCopy)) await options.confirmCopies?.();
  const runs = targets.map((target, index) => startRegion(target, planned[index]!, options));
  const required = Promise.all(runs.filter((_, index) => targets[index]!.required));
  const movesLatest = required.then((ended) =>
    ended.every(({ error, progress }) => error === undefined && progress.withheld.length === 0),
  );
  return Promise.all(
    runs.map(async (run) => finishRegion(await run, { ...options, movesLatest: await movesLatest })),
  );
}

function needsCopy({ changes }: RegionPlan): boolean {
  return changes.some(({ step }) => step === 'copy');
}

/** What is to be done, without doing it; of a region that cannot be read, why. */
export function planPublication({
  source,
  targets,
}: Pick<PublishAmiOptions, 'source' | 'targets'>): Promise<(RegionPlan | Error)[]> {
  return Promise.all(
    targets.map((target) => planRegion(source, target).catch((reason: unknown) => reason as Error)),
  );
}

interface EndedRegion {
  readonly target: PublishTarget;
  readonly plan?: RegionPlan;
  readonly found?: PublishedAmi;
  readonly progress: RegionProgress;
  readonly error?: unknown;
}

async function startRegion(
  target: PublishTarget,
  planned: Promise<RegionPlan>,
  options: PublishAmiOptions,
): Promise<EndedRegion> {
  const { source, revoke = false, onChange } = options;
  const progress: RegionProgress = { made: [], withheld: [], steps: new Map() };
  let plan: RegionPlan | undefined;
  try {
    plan = await planned;
    refuse([{ ...plan, target: { ...target, required: true } }]);
    if (needsCopy(plan)) await options.confirmCopies?.();
    const found = await publishRegion({
      source,
      plan,
      revoke,
      progress,
      onChange: (change) => onChange?.(target.region, change),
    });
    return { target, plan, found, progress };
  } catch (error) {
    options.signal?.throwIfAborted();
    const ended = { target, plan, progress, error };
    // Others still run: this one is told now.
    options.onRegion?.(regionOf(ended));
    return ended;
  }
}

async function finishRegion(
  ended: EndedRegion,
  { movesLatest, force = false, ...options }: PublishAmiOptions & { readonly movesLatest: boolean },
): Promise<PublishedRegion> {
  const { plan, found, progress, target } = ended;
  if (!plan || !found || ended.error !== undefined) return regionOf(ended);
  let error: unknown;
  try {
    if (movesLatest && progress.withheld.length === 0)
      await moveLatest({
        plan,
        found,
        progress,
        force,
        onChange: (change) => options.onChange?.(target.region, change),
      });
  } catch (reason) {
    options.signal?.throwIfAborted();
    error = reason;
  }
  const region = regionOf({ ...ended, error });
  options.onRegion?.(region);
  return region;
}

function regionOf({ target, progress, error }: EndedRegion): PublishedRegion {
  const { region, required } = target;
  const { imageId, snapshotId, made, withheld, step } = progress;
  const steps = new Map<PublishStep, 'done' | 'reused' | 'failed'>(progress.steps);
  if (error !== undefined && step !== undefined) steps.set(step, 'failed');
  const done = made.length > 0 ? 'published' : 'unchanged';
  const outcome = withheld.length > 0 ? 'withheld' : done;
  return {
    region,
    required,
    outcome: error === undefined ? outcome : 'failed',
    ...(imageId !== undefined && { imageId }),
    ...(snapshotId !== undefined && { snapshotId }),
    made,
    withheld,
    steps,
    ...(error !== undefined && { error }),
  };
}
