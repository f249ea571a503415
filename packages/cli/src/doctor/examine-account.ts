import type { Cloud } from '../aws/cloud.ts';
import { lookFix } from './account-fixes.ts';
import {
  type BucketPlace,
  bucketKeyOf,
  checkBucketOf,
  checkCleanup,
  readBucketPolicy,
} from './bucket-checks.ts';
import { createEvidence, type Evidence } from './evidence.ts';
import { fixIn } from './fix.ts';
import { checkKey, type FoundKey, findSnapshotKey } from './key-checks.ts';
import { checkObjects } from './object-check.ts';
import { checkPermissions, checkRetirePermissions } from './permission-checks.ts';
import type { Place } from './places.ts';
import { checkQuotas } from './quota-checks.ts';
import { type CheckReport, check } from './report.ts';
import { checkRole } from './role-checks.ts';
import { openScene, type Scene } from './scene.ts';

/** What there is to say of one session in one region, and of what its images use there. */
export async function examineAccount(
  cloud: Cloud,
  { places, signal }: { readonly places: readonly Place[]; readonly signal: AbortSignal },
): Promise<CheckReport[]> {
  const opened: { scene?: Scene } = {};
  const identity = await check('identity', async () => {
    opened.scene = await openScene(cloud, signal);
    return opened.scene
      ? { state: 'ok', detail: opened.scene.caller.arn }
      : { state: 'warning', detail: 'not provable: the account is not known, and so nothing else of it' };
  });
  if (!opened.scene) return [identity];
  await using scene = opened.scene;
  const evidence = createEvidence();
  const quotas = await checkQuotas(scene, { evidence, byS3: places.some(({ via }) => via === 's3') });
  const ofPlaces = await Promise.all(
    distinct(places).map((place) => examinePlace(scene, { place, evidence })),
  );
  const retire = places.some(({ retains }) => retains) ? [await checkRetirePermissions(scene, evidence)] : [];
  const { region } = scene;
  const { profile } = cloud.connection;
  const looking = lookFix(scene, places);
  return [identity, ...quotas, ...ofPlaces.flat(), ...retire].map(({ unseen, ...report }) => {
    const fix = report.fix ?? (unseen && looking);
    return fix ? { ...report, fix: fixIn(fix, { region, profile }) } : report;
  });
}

async function examinePlace(
  scene: Scene,
  { place, evidence }: { readonly place: Place; readonly evidence: Evidence },
): Promise<CheckReport[]> {
  const snapshotKey = await findSnapshotKey(scene, place);
  const reports: CheckReport[] = snapshotKey ? [snapshotKey.report] : [];
  const { bucket } = place;
  if (bucket === undefined) {
    const permissions = await checkPermissions(scene, { place, evidence, snapshotKey: snapshotKey?.facts });
    const role =
      place.role === undefined
        ? []
        : [await checkRole(scene, { role: place.role, keyPrefix: place.keyPrefix })];
    return [...reports, ...role, permissions, ...(place.via === 's3' ? [noBucket] : [])];
  }
  return [
    ...reports,
    ...(await examineBucket(scene, { place: { ...place, bucket }, evidence, snapshotKey })),
  ];
}

async function examineBucket(
  scene: Scene,
  {
    place,
    evidence,
    snapshotKey,
  }: { readonly place: BucketPlace; readonly evidence: Evidence; readonly snapshotKey: FoundKey | undefined },
): Promise<CheckReport[]> {
  const bucket = await checkBucketOf(scene, place);
  const isThere = bucket.state !== 'failed';
  const key = isThere ? await bucketKeyOf(scene, place) : undefined;
  const objectKey =
    key === undefined || key === unreadableKey ? undefined : await checkKey(scene, { key, use: 'objects' });
  const bucketPolicy = isThere ? await readBucketPolicy(scene, place) : undefined;
  // Before the permissions, which go by what its calls show.
  const objects = isThere ? [await checkObjects(scene, { place, evidence })] : [];
  const keys = { snapshotKey: snapshotKey?.facts, objectKey: objectKey?.facts };
  const { role, keyPrefix } = place;
  return [
    bucket,
    ...objects,
    ...(objectKey ? [objectKey.report] : []),
    ...(key === unreadableKey ? [unreadable(place.bucket)] : []),
    ...(isThere ? [await checkCleanup(scene, place)] : []),
    ...(role === undefined
      ? []
      : [await checkRole(scene, { ...keys, role, bucket: place.bucket, keyPrefix, bucketPolicy })]),
    await checkPermissions(scene, { ...keys, place, evidence }),
  ];
}

const unreadableKey = 'unreadable';

/** The role has to decrypt what the bucket encrypts. */
function unreadable(bucket: string): CheckReport {
  return {
    check: 'KMS key of objects',
    state: 'warning',
    unseen: true,
    detail: `not provable: s3:GetEncryptionConfiguration denied on ${bucket}`,
    hint: 'Allow it to have the key of the bucket checked.',
  };
}

const noBucket: CheckReport = {
  check: 'bucket',
  state: 'skipped',
  detail: 'none is named',
  hint: 'Name one with --bucket.',
};

/** Several images may go the same way: what they are published to, and whether they are retired, is not checked for each. */
function distinct(places: readonly Place[]): Place[] {
  const ways = Map.groupBy(places, ({ publishesTo, retains, ...way }) =>
    JSON.stringify([way, publishesTo !== undefined]),
  );
  return [...ways.values()].map((same) => {
    const regions = same.flatMap(({ publishesTo = [] }) => publishesTo);
    const [{ publishesTo, ...way }] = same as [Place];
    return { ...way, ...(publishesTo && { publishesTo: [...new Set(regions)] }) };
  });
}
