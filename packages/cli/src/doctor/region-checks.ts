import pLimit from 'p-limit';
import type { Clouds } from '../aws/clouds.ts';
import type { RequestedImport } from '../config/import-request.ts';
import type { Session } from '../config/session.ts';
import type { WantedRegion } from '../pipeline/publish/regions.ts';
import { lookFix, publisherFix } from './account-fixes.ts';
import { createEvidence } from './evidence.ts';
import { fixIn } from './fix.ts';
import { findSnapshotKey } from './key-checks.ts';
import { checkPublishPermissions } from './permission-checks.ts';
import type { Place } from './places.ts';
import { checkQuotas } from './quota-checks.ts';
import { type CheckReport, check } from './report.ts';
import { openScene, type Scene } from './scene.ts';

/** A region that AMIs are published to, besides that of their import. */
interface PublishedTo extends Pick<Place, 'kmsKey' | 'encrypt'> {
  readonly session: Session;
  readonly region: string;
  /** False: its failure is a warning. */
  readonly required: boolean;
}

interface Examined {
  readonly clouds: Clouds;
  /** Where the images are imported. */
  readonly places: readonly Place[];
  readonly signal: AbortSignal;
}

/** IAM simulates for all of them, and throttles. */
const regionsAtATime = 4;

/** Whether AMIs can be copied to the regions and published there: a line for each where all is well, and else what is not. */
export async function checkRegions(
  images: readonly { readonly request: RequestedImport; readonly regions: readonly WantedRegion[] }[],
  examined: Examined,
): Promise<CheckReport[]> {
  const all = images.flatMap(({ request, regions: [, ...others] }) =>
    others.map(({ region, required }): PublishedTo => {
      const { session, encryption } = request;
      // Of a key that is missing for the region, publishing itself tells.
      const kmsKey = typeof encryption?.kmsKey === 'object' ? encryption.kmsKey[region] : encryption?.kmsKey;
      return { session, region, required, encrypt: encryption !== undefined, ...(kmsKey && { kmsKey }) };
    }),
  );
  const distinct = new Map<string, PublishedTo>();
  for (const place of all) {
    const { required, ...rest } = place;
    const known = distinct.get(JSON.stringify(rest));
    distinct.set(JSON.stringify(rest), { ...place, required: required || (known?.required ?? false) });
  }
  const reports = await pLimit(regionsAtATime).map(distinct.values(), (place) =>
    checkRegion(place, examined),
  );
  return reports.flat();
}

async function checkRegion(
  { session, region, required, ...key }: PublishedTo,
  { clouds, places, signal }: Examined,
): Promise<CheckReport[]> {
  const name = `region ${region}`;
  const found: { problems?: readonly CheckReport[] } = {};
  const whole = await check(name, async () => {
    const cloud = await clouds.open({ ...session, region });
    await using scene = await openScene(cloud, signal);
    if (!scene) {
      return {
        state: 'warning',
        detail: 'not provable: the account is not known, and so nothing else of it',
      };
    }
    const all = await examineRegion(scene, { key, places });
    const { profile } = cloud.connection;
    found.problems = all
      .filter(({ state }) => state !== 'ok')
      .map(({ unseen, ...report }) => {
        const fix = report.fix ?? (unseen && lookFix(scene, places));
        return {
          ...report,
          check: `${report.check} in ${region}`,
          ...(fix && { fix: fixIn(fix, { region, profile }) }),
        };
      });
    return { state: 'ok', detail: 'AMIs can be copied there and published' };
  });
  const { problems = [] } = found;
  return (problems.length > 0 ? problems : [whole]).map((report) =>
    report.state === 'failed' && !required ? { ...report, state: 'warning' } : report,
  );
}

async function examineRegion(
  scene: Scene,
  { key, places }: { readonly key: Pick<Place, 'kmsKey' | 'encrypt'>; readonly places: readonly Place[] },
): Promise<CheckReport[]> {
  const evidence = createEvidence();
  const quotas = await checkQuotas(scene, { evidence, byS3: false });
  const snapshotKey = await findSnapshotKey(scene, key);
  const permissions = await checkPublishPermissions(scene, {
    evidence,
    snapshotKey: snapshotKey?.facts,
    fix: publisherFix(scene, places),
  });
  return [...quotas, ...(snapshotKey ? [snapshotKey.report] : []), permissions];
}
