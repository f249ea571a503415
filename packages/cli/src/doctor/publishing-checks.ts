import type { Image } from '@aws-sdk/client-ec2';
import { describeImage } from '@ec2-image/ec2-import';
import { PublishError, type PublishTarget, planPublication, readObstacles } from '@ec2-image/publish';
import type { Cloud } from '../aws/cloud.ts';
import type { Clouds } from '../aws/clouds.ts';
import type { RequestedImport } from '../config/import-request.ts';
import { explain } from '../errors/explain.ts';
import { silentView } from '../pipeline/progress.ts';
import { wantedRegions } from '../pipeline/publish/check-regions.ts';
import { openPublishMeans } from '../pipeline/publish/means.ts';
import type { WantedRegion } from '../pipeline/publish/regions.ts';
import { targetsOf } from '../pipeline/publish/targets.ts';
import { fixIn } from './fix.ts';
import { type CheckReport, check } from './report.ts';
import { sharingFix } from './sharing-fixes.ts';

interface Examined {
  readonly clouds: Clouds;
  readonly signal: AbortSignal;
  /** Images whose AMIs are still to be made, which take their share of the quota of public AMIs first. */
  readonly before: readonly { readonly request: RequestedImport }[];
  /** Of the AMI that is made of the image; undefined where an import makes it. */
  readonly imageId?: string | undefined;
}

export interface ExaminedPublishing {
  readonly reports: readonly CheckReport[];
  /** Where it is published, the region of the import first; none where that is not known. */
  readonly regions: readonly WantedRegion[];
}

/** What publishing would refuse to do, region by region, and for what. None where the account cannot be reached, which is said elsewhere. */
export async function checkPublishing(
  request: RequestedImport,
  { clouds, signal, imageId, before }: Examined,
): Promise<ExaminedPublishing> {
  if (!request.publish) return { reports: [], regions: [] };
  const { name, session, publish } = request;
  const cloud = await clouds.open(session).catch(() => undefined);
  signal.throwIfAborted();
  if (!cloud) return { reports: [], regions: [] };
  const found: { regions: readonly WantedRegion[]; reports?: CheckReport[] } = { regions: [] };
  const whole = await check(`publishing of ${name}`, async () => {
    found.regions = await wantedRegions({ request, cloud, signal });
    const image = imageId === undefined ? undefined : await imageOf(imageId, { cloud, signal });
    const means = openPublishMeans({
      requests: [request],
      clouds,
      view: silentView,
      signal,
      revoke: false,
      force: false,
    });
    const targets = targetsOf(found.regions, {
      ...{ request, settings: publish, image, signal },
      openRegion: (region) => means.openRegion(request, region),
      copies: means.copies,
      notice: () => {},
    });
    const toCome = (region: string) =>
      before.filter((other) => becomesPublic(other.request, { region, home: cloud.region, beside: request }))
        .length;
    found.reports = await examineTargets(targets, { request, cloud, image, toCome });
    return { state: 'ok', detail: `in ${targets.map(({ region }) => region).join(', ')}` };
  });
  signal.throwIfAborted();
  const { regions, reports = [] } = found;
  return { regions, reports: reports.length > 0 ? reports : [whole] };
}

async function imageOf(
  imageId: string,
  { cloud, signal }: { readonly cloud: Cloud; readonly signal: AbortSignal },
): Promise<Image> {
  return describeImage({ ...cloud.calls, client: cloud.ec2, imageId, signal });
}

/** What is not as it should be, of each region. */
async function examineTargets(
  targets: readonly PublishTarget[],
  {
    request,
    cloud,
    image,
    toCome,
  }: {
    readonly request: RequestedImport;
    readonly cloud: Cloud;
    readonly image: Image | undefined;
    readonly toCome: (region: string) => number;
  },
): Promise<CheckReport[]> {
  const quotas = new Set<string>();
  const watched = targets.map((target) => countingPublic(target, { unknown: quotas, toCome }));
  const problems = image
    ? await planPublication({ source: { region: cloud.region, image }, targets: watched })
    : await Promise.all(
        watched.map((target) => obstaclesOf(target, request).catch((error) => error as Error)),
      );
  const { profile } = cloud.connection;
  return targets.flatMap(({ region, required }, index) => {
    const problem = problems[index]!;
    const errors = problem instanceof Error ? [problem] : problem.obstacles;
    const name = `publishing of ${request.name} in ${region}`;
    const failed = errors.map((error): CheckReport => {
      const { message, hint } = explain(error);
      const fix = error instanceof PublishError ? sharingFix(error, region) : undefined;
      return {
        ...{ check: name, state: required ? 'failed' : 'warning', detail: message, hint },
        ...(fix && { fix: fixIn(fix, { region, profile }) }),
      };
    });
    if (failed.length > 0 || !quotas.has(region)) return failed;
    const detail = 'not provable: servicequotas:GetServiceQuota denied, which tells the quota of public AMIs';
    const hint = 'Allow servicequotas:GetServiceQuota to have it checked.';
    return [{ check: name, state: 'warning', detail, hint }];
  });
}

async function obstaclesOf(target: PublishTarget, { encryption }: RequestedImport) {
  const session = await target.open();
  return {
    obstacles: await readObstacles(target, { session, isSourceEncrypted: encryption !== undefined }),
  };
}

/** Whether the AMI of an image is to be public in a region of the same account. */
function becomesPublic(
  { publish, session }: RequestedImport,
  {
    region,
    home,
    beside,
  }: { readonly region: string; readonly home: string; readonly beside: RequestedImport },
): boolean {
  if (!publish?.audience?.public || JSON.stringify(session) !== JSON.stringify(beside.session)) return false;
  const { regions, exceptRegions } = publish;
  return (
    region === home || ((regions === 'all' || regions.includes(region)) && !exceptRegions.includes(region))
  );
}

/** Publishing continues where the quota of public AMIs cannot be read: here that is noted; and what other images take of it is counted. */
function countingPublic(
  target: PublishTarget,
  { unknown, toCome }: { readonly unknown: Set<string>; readonly toCome: (region: string) => number },
): PublishTarget {
  return {
    ...target,
    async open() {
      const session = await target.open();
      return {
        ...session,
        publicAmisToCome: toCome(target.region),
        async publicAmiLimit() {
          const limit = await session.publicAmiLimit?.();
          if (limit === undefined) unknown.add(target.region);
          return limit;
        },
      };
    },
  };
}
