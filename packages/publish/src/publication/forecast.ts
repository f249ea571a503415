import type { Image } from '@aws-sdk/client-ec2';
import { createEc2 } from '../ec2.ts';
import type { PublishError } from '../errors.ts';
import type { Change } from '../published/compare-published.ts';
import { publishedFacts } from '../published/read-published.ts';
import { latestObstacle } from './move-latest.ts';
import { changesOfNew, planRegion } from './plan-region.ts';
import type { PublishSource, PublishTarget } from './target.ts';

/** What publishing would do in one region, and what it would refuse there. */
export interface Forecast {
  readonly target: PublishTarget;
  /** In the order of effects; none where the region is as configured. */
  readonly changes: readonly Change[];
  /** Why EC2 would refuse it: then nothing is done. */
  readonly obstacles: readonly PublishError[];
  /** Why parameters of the latest AMI would stay where they are, by their names. */
  readonly stays: ReadonlyMap<string, PublishError>;
}

/** An AMI that is to be made, as far as it is known: its name, architecture, tags and time. */
export type ImageToMake = Omit<Image, 'ImageId' | 'State'>;

export interface ForecastOptions {
  readonly source: PublishSource | { readonly region: string; readonly image: ImageToMake };
  readonly targets: readonly PublishTarget[];
  /** Whether `latest` moves to an AMI that is not known to be newer. */
  readonly force: boolean;
}

/** Everything that a publication would do and refuse, without doing it; of a region that cannot be read, why. */
export function forecastPublication({
  source,
  targets,
  force,
}: ForecastOptions): Promise<(Forecast | Error)[]> {
  return Promise.all(
    targets.map((target) =>
      forecastRegion(target, { source, force }).catch((reason: unknown) => reason as Error),
    ),
  );
}

async function forecastRegion(
  target: PublishTarget,
  { source, force }: Omit<ForecastOptions, 'targets'>,
): Promise<Forecast> {
  const { region } = target;
  const plan = isThere(source) ? await planRegion(source, target) : undefined;
  const session = plan?.session ?? (await target.open());
  const changes = plan?.changes ?? (await changesOfNew(target, { session, madeIn: source.region }));
  const obstacles = plan?.obstacles ?? [];
  const ec2 = createEc2(session.ec2);
  const candidate = publishedFacts(source.image, region);
  const stays = new Map<string, PublishError>();
  for (const change of force ? [] : changes) {
    const obstacle = await latestObstacle(change, { ec2, candidate });
    if (obstacle && change.step === 'announce') stays.set(change.parameter, obstacle);
  }
  return { target, changes, obstacles, stays };
}

function isThere(source: ForecastOptions['source']): source is PublishSource {
  return 'ImageId' in source.image;
}
