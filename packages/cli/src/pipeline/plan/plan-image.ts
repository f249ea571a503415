import { join } from 'node:path';
import type { Image } from '@aws-sdk/client-ec2';
import {
  type AmiFacts,
  describeImage,
  type FoundSnapshot,
  imageChanges,
  tagsToWrite,
} from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { type PlannedDownload, planDownload } from '@ec2-image/fetch';
import { bootTestKey, type DiskFormat, isSufficientProof, readProof, type Tags } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { findSentParts, type SentParts } from '@ec2-image/s3-upload';
import { explain } from '../../errors/explain.ts';
import { diskPathIn, imagesDirectory } from '../../work-directory/image-directory.ts';
import { imageDirectoryName } from '../../work-directory/marker.ts';
import { uploadJournal } from '../arriving-upload.ts';
import { knowsBootMode } from '../boot/find-boot-mode.ts';
import { identify, type RequestedJob } from '../identity.ts';
import { createLeftovers } from '../leftovers.ts';
import type { PublishMeans } from '../publishing.ts';
import { failedBefore } from '../require-boot.ts';
import { ec2Options, type IdentifiedRun, type Known, objectLocation, objectUrl } from '../run.ts';
import { findAmiByName, imageUpdateOf, proofOf, wantedTagsOf } from '../rungs/ami.ts';
import { findSnapshotOrTask } from '../rungs/find-imported-snapshot.ts';
import { findStoredObject, locateObject } from '../rungs/object.ts';
import { findOwn } from '../rungs/own-snapshot.ts';
import { knowsSigner } from '../signer.ts';
import { createSteps } from '../steps.ts';
import { planPublishing } from './plan-publishing.ts';
import { type Found, type Lacks, needsImage, planSteps } from './plan-steps.ts';
import { type ImagePlan, isToDo } from './planned.ts';

/**
 * What an import of the image would do, found by the looks that it takes itself, in their order. Changes nothing in the
 * account nor in the work directory. Never throws but for an interrupt: what stands in the way is in the plan.
 */
export async function planImage(
  job: RequestedJob & { readonly publishing: PublishMeans },
): Promise<ImagePlan> {
  const { cloud, view, signal } = job;
  let { request }: { request: RequestedJob['request'] } = job;
  const known: Known = {};
  const planOf = (outcome: ImagePlan['outcome'], rest: Partial<ImagePlan> = {}): ImagePlan => ({
    name: request.name,
    amiName: known.amiName ?? null,
    region: cloud.region,
    architecture: request.architecture,
    outcome,
    imageId: null,
    snapshotId: null,
    source: {
      url: redactUrl(request.urls?.[0] ?? request.wanted?.shown ?? ''),
      digest: known.digest ?? null,
    },
    steps: [],
    ...rest,
  });
  try {
    view.stage(request.name, 'checking');
    const run = await identify(job, {
      steps: createSteps({ image: request.name, view }),
      leftovers: createLeftovers(),
      known,
      notice: (message) => view.notice(message, request.name),
      onFound(found) {
        request = found;
      },
    });
    const { found, image } = await findRung(run);
    const download = needsImage(found, run.request) ? await downloadOf(run) : undefined;
    const testsBoot = run.request.bootTest !== undefined;
    const planned = { ...run.request, amiName: run.amiName, testsBoot };
    const publishing = await planPublishing({ ...run, means: job.publishing }, image);
    const steps = [...planSteps(found, { request: planned, download }), ...publishing.steps];
    const outcome = steps.some(isToDo) ? 'todo' : 'nothing';
    return planOf(publishing.error ? 'blocked' : outcome, {
      ...('imageId' in found && { imageId: found.imageId }),
      ...('snapshotId' in found && { snapshotId: found.snapshotId ?? null }),
      steps,
      ...(publishing.error && { error: explain(publishing.error, { access: cloud.connection }) }),
    });
  } catch (error) {
    signal.throwIfAborted();
    return planOf('blocked', { error: explain(error, { access: cloud.connection }) });
  }
}

/** From the end, as the ladder looks: the first thing that is there. */
async function findRung(run: IdentifiedRun): Promise<{ readonly found: Found; readonly image?: Image }> {
  const { usable, inTheWay } = await findAmiByName(run);
  if (usable) return amiFound(run, usable);
  const removes = inTheWay && { removes: { imageId: inTheWay.imageId } };
  const found = run.request.via === 'ebs' ? await findWritten(run) : await findImported(run);
  return { found: { ...removes, ...found } };
}

async function amiFound(
  run: IdentifiedRun,
  ami: AmiFacts,
): Promise<{ readonly found: Found; readonly image: Image }> {
  const { imageId, rootSnapshotId, tags, snapshotTags = {} } = ami;
  const recorded = tags[bootTestKey];
  if (recorded === 'failed' && !run.request.bootTest) throw failedBefore(imageId);
  const lacks = { ...lacksOf(run, tags), proof: !isProven(run, proofOf(ami).extent) };
  run.known.proof = proofOf(ami);
  // What proves it again writes so into the tags.
  if (lacks.proof) run.known.proof = { extent: 'full', madeAt: run.startedAt };
  knowsBootMode(run, tags);
  const existing: Readonly<Record<string, Tags>> = {
    [imageId]: tags,
    ...(rootSnapshotId !== undefined && { [rootSnapshotId]: snapshotTags }),
  };
  const missing = wantedTagsOf(run, { imageId, snapshotId: rootSnapshotId }).map(({ id, ...wanted }) => {
    const keys = Object.keys(tagsToWrite({ existing: existing[id] ?? {}, ...wanted }));
    return [id, keys] as const;
  });
  const image = await describeImage({ ...ec2Options(run), imageId });
  const found: Found = {
    rung: 'ami',
    imageId,
    ...(rootSnapshotId !== undefined && { snapshotId: rootSnapshotId }),
    lacks,
    boots: recorded === 'passed',
    tags: new Map(missing.filter(([, keys]) => keys.length > 0)),
    settings: imageChanges(image, imageUpdateOf(run)),
  };
  return { found, image };
}

async function findImported(given: IdentifiedRun): Promise<Found> {
  const run = await locateObject(given);
  const snapshot = await findSnapshotOrTask(run);
  if (snapshot.state !== 'none') return snapshotFound(run, snapshot);
  const object = await findStoredObject(run);
  if (!object) return { rung: 'none', sent: await sentParts(run) };
  const lacks = { ...lacksOf(run, object.tags ?? {}), signer: !knowsSigner(run, {}), proof: true };
  return { rung: 'object', url: objectUrl(object), sizeBytes: object.size, lacks };
}

/** Undefined where nobody may see them, too: then a notice says so. */
async function sentParts(run: IdentifiedRun): Promise<SentParts | undefined> {
  const { request, notice } = run;
  if (request.fresh) return undefined;
  try {
    const diskPath = (format: DiskFormat) => diskPathIn(directoryOf(run), format);
    const journalPath = uploadJournal({ request, directory: { diskPath } });
    return await findSentParts({ ...objectLocation(run), journalPath });
  } catch (error) {
    if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
    notice(`cannot tell how much of an incomplete upload is there: ${error.message}`);
    return undefined;
  }
}

async function findWritten(run: IdentifiedRun): Promise<Found> {
  // Loaded only where it is wanted, with the client of its own service.
  const { findCompleteSnapshot } = await import('../rungs/written-snapshot.ts');
  const snapshot = await findCompleteSnapshot(run);
  return snapshot.state === 'complete' ? snapshotFound(run, snapshot) : { rung: 'none' };
}

async function snapshotFound(
  run: IdentifiedRun,
  found: Exclude<FoundSnapshot, { state: 'none' }>,
): Promise<Found> {
  if (found.state === 'running') {
    const { importTaskId: taskId, percent } = found;
    const lacks = { ...lacksOf(run, found.tags), signer: !knowsSigner(run, {}), proof: true };
    const { Name: runsFor } = found.tags;
    return {
      ...{ rung: 'task', taskId, lacks },
      ...(percent !== undefined && { percent }),
      ...(run.request.ami.ownSnapshot && runsFor !== run.amiName && { runsFor }),
    };
  }
  const lacks = { ...lacksOf(run, found.tags), proof: !isProven(run, readProof(found.tags)) };
  const own = run.request.ami.ownSnapshot ? await findOwn(run, found.snapshot) : found.snapshot;
  const { snapshotId } = own ?? found.snapshot;
  return { rung: 'snapshot', snapshotId, lacks, isCopied: own === undefined };
}

function lacksOf(run: IdentifiedRun, tags: Tags): Omit<Lacks, 'proof'> {
  return { signer: !knowsSigner(run, tags), bootMode: !knowsBootMode(run, tags) };
}

function isProven({ request }: IdentifiedRun, extent: ReturnType<typeof readProof>): boolean {
  return extent !== undefined && isSufficientProof(extent, request.proof);
}

function downloadOf(run: IdentifiedRun): Promise<PlannedDownload> {
  const { request, cloud, digest, signal } = run;
  return planDownload({
    url: request.urls,
    digest,
    directory: directoryOf(run),
    signS3: cloud.signS3,
    signal,
  });
}

/** That a run would take for this digest. */
function directoryOf({ workDirectory, digest }: IdentifiedRun): string {
  return join(imagesDirectory(workDirectory), imageDirectoryName(digest));
}
