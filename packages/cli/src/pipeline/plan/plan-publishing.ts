import type { Image } from '@aws-sdk/client-ec2';
import { tagList } from '@ec2-image/provenance';
import {
  type Change,
  describeChange,
  type Forecast,
  forecastPublication,
  type ImageToMake,
  isRevoking,
} from '@ec2-image/publish';
import { wantedRegions } from '../publish/check-regions.ts';
import { checkPublication, contextOf } from '../publish/publish-image.ts';
import { targetsOf } from '../publish/targets.ts';
import type { PublishMeans } from '../publishing.ts';
import type { IdentifiedRun } from '../run.ts';
import { provenanceTagsOf } from '../tags.ts';
import type { PlannedStep } from './planned.ts';

type Publishing = IdentifiedRun & { readonly means: PublishMeans };

export interface PublishingPlan {
  readonly steps: readonly PlannedStep[];
  /** What would fail once all the steps are taken. */
  readonly error?: Error;
}

/**
 * What publishing would change in each region; nothing without anything that asks for it. Changes nothing.
 *
 * @param image in the region of the import; undefined where it is still to be made
 * @throws what would stop it before its first step: PublishError, and why a required region cannot be read
 */
export async function planPublishing(run: Publishing, image: Image | undefined): Promise<PublishingPlan> {
  if (!run.request.publish) return { steps: [] };
  const { cloud, means } = run;
  if (!image) await checkPublication(run);
  const known = image ?? imageToMake(run);
  const targets = targetsOf(await wantedRegions(run), contextOf(run, known));
  const forecasts = await forecastPublication({
    source: { region: cloud.region, image: known },
    targets,
    force: means.force,
  });
  const regions = targets.map(({ region, required }, index) => {
    const forecast = forecasts[index]!;
    const failure = forecast instanceof Error ? forecast : forecast.obstacles[0];
    if (failure && required) throw failure;
    return forecast instanceof Error || failure
      ? { region, required, failure: failure! }
      : { region, required, forecast };
  });
  const waits =
    !means.revoke && regions.some(({ required, forecast }) => required && forecast?.changes.some(isRevoking));
  const stays = regions.flatMap(({ required, forecast }) =>
    required && forecast && !waits ? [...forecast.stays.values()] : [],
  );
  return {
    steps: regions.flatMap(({ region, required, forecast, failure }) =>
      forecast ? stepsOf(forecast, { required, waits, means }) : [failing(region, failure)],
    ),
    ...(stays[0] && { error: stays[0] }),
  };
}

function imageToMake(run: Publishing): ImageToMake {
  return {
    Name: run.amiName,
    Architecture: run.request.architecture,
    CreationDate: run.startedAt.toISOString(),
    Tags: tagList(provenanceTagsOf(run)),
  };
}

interface Circumstances {
  readonly required: boolean;
  /** `latest` moves in no region before all that is to be revoked in the required ones is. */
  readonly waits: boolean;
  readonly means: PublishMeans;
}

function stepsOf(
  { target: { region }, changes, stays }: Forecast,
  { required, waits, means }: Circumstances,
): PlannedStep[] {
  if (changes.length === 0) return [{ step: 'copy', action: 'reuse', what: `${region}: as configured` }];
  const withholds = waits || (!means.revoke && changes.some(isRevoking));
  return changes.flatMap((change): PlannedStep[] => {
    const step = change.step === 'protect' ? 'deprecate' : change.step;
    const what = `${region}: ${describeChange(change)}`;
    if (isRevoking(change))
      return [{ step, action: 'revoke', what: means.revoke ? what : `${what} (only with --apply)` }];
    if (!movesLatest(change)) return [{ step, action: 'make', what }];
    if (withholds) return [{ step, action: 'wait', what: `${what} (not before everything is revoked)` }];
    const obstacle = stays.get(change.parameter);
    if (!obstacle) return [{ step, action: 'make', what }];
    return required ? [] : [failing(region, obstacle)];
  });
}

function movesLatest(change: Change): change is Extract<Change, { readonly step: 'announce' }> {
  return change.step === 'announce' && change.latest;
}

/** Of a region that may fail. */
function failing(region: string, { message }: Error): PlannedStep {
  return { step: 'copy', action: 'make', what: `${region}: would fail (best effort): ${message}` };
}
