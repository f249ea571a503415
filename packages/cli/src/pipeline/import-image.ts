import { requireProgramFor } from '@ec2-image/convert';
import { type LocalFiles, openLocalFiles } from '@ec2-image/fetch';
import { redactUrl } from '@ec2-image/redact';
import type { ImportRequest, RequestedImport } from '../config/import-request.ts';
import { explain } from '../errors/explain.ts';
import type { ImageOutcome, ImageResult } from '../outcome.ts';
import { openImageDirectory } from '../work-directory/image-directory.ts';
import { finishAmi } from './effects.ts';
import { identify, type RequestedJob } from './identity.ts';
import { obtainAmi } from './ladder.ts';
import { createLeftovers } from './leftovers.ts';
import { checkPublication, publishImage, requireReplaceable } from './publish/publish-image.ts';
import type { PublishMeans } from './publishing.ts';
import { requireBoot } from './require-boot.ts';
import type { IdentifiedRun, ImageRun, Known } from './run.ts';
import { findAmi, type ObtainedAmi } from './rungs/ami.ts';
import { createSteps } from './steps.ts';

/** What was asked for, as far as it became known, and what became of it. */
export interface ImportedImage {
  readonly request: RequestedImport;
  readonly result: ImageResult;
}

/** Imports one image, from wherever an earlier run stopped. Never throws: a failure is a result. */
export async function importImage(
  requested: RequestedJob & { readonly publishing: PublishMeans },
): Promise<ImportedImage> {
  const { cloud, view, log, signal, resumes } = requested;
  await using localFiles = openLocalFiles();
  const explained = (error: unknown) => {
    const { message, ...others } = explain(error, { resumes, access: cloud.connection });
    return { ...others, message: localFiles.nameIn(message) };
  };
  let request: RequestedImport | ImportRequest = requested.request;
  const steps = createSteps({ image: request.name, view });
  const leftovers = createLeftovers();
  const { checksum } = request;
  const known: Known = { digest: checksum && 'digest' in checksum ? checksum.digest : undefined };
  const resultOf = (outcome: ImageOutcome, rest: Partial<ImageResult>): ImportedImage => ({
    request,
    result: resultIn(outcome, rest),
  });
  const resultIn = (outcome: ImageOutcome, rest: Partial<ImageResult>): ImageResult => ({
    name: request.name,
    amiName: known.amiName ?? null,
    outcome,
    imageId: known.imageId ?? null,
    snapshotId: known.snapshotId ?? null,
    region: cloud.region,
    architecture: request.architecture,
    tags: {},
    source: {
      url: redactUrl(request.urls?.[0] ?? request.wanted?.shown ?? ''),
      digest: known.digest ?? null,
      ...(known.signedBy !== undefined && { signedBy: known.signedBy }),
    },
    ...(known.boot && { bootMode: { found: known.boot.finding, reason: known.boot.reason } }),
    ...(known.bootTest && { bootTest: known.bootTest }),
    image: null,
    proof: reportOf(known),
    regions: [],
    steps: steps.report(),
    chain: known.chain ?? [],
    ...rest,
  });
  try {
    view.stage(request.name, 'checking');
    const notice = (message: string) => view.notice(localFiles.nameIn(message), requested.request.name);
    const identified = await identify(requested, {
      ...{ steps, leftovers, known, notice },
      onFound(found) {
        request = found;
      },
    });
    const run = { ...identified, publishing: requested.publishing };
    const { amiName } = run;
    const imported = await importIdentified(run, localFiles);
    const { outcome, error, ...ami } = await publishImported(run, imported);
    view.imageEnded(request.name, outcome, `${ami.imageId} (${amiName})`);
    const left = leftovers.afterSuccess();
    return resultOf(outcome, {
      ...ami,
      ...(left.length > 0 && { leftovers: left }),
      ...(error && { error: explained(error) }),
    });
  } catch (error) {
    const interrupted = signal.aborted;
    const reason = explained(interrupted ? signal.reason : error);
    log.event('error', {
      image: request.name,
      ...reason,
      stack: error instanceof Error ? error.stack : undefined,
    });
    const outcome = interrupted ? 'interrupted' : 'failed';
    view.imageEnded(request.name, outcome, interrupted ? undefined : reason.code);
    return resultOf(outcome, { error: reason, leftovers: leftovers.list() });
  }
}

type PublishedRun = IdentifiedRun & { readonly publishing: PublishMeans };

/** Nothing that is incomplete is published. What fails in that leaves an AMI that is all right, and incomplete regions. */
async function publishImported(
  run: PublishedRun,
  ami: ObtainedAmi,
): Promise<ObtainedAmi & Pick<ImageResult, 'regions'>> {
  if (ami.error) return { ...ami, regions: [] };
  try {
    const { regions, error } = await publishImage({ ...run, means: run.publishing }, ami.image);
    return { ...ami, regions, ...(error && { outcome: 'partial', error }) };
  } catch (error) {
    run.signal.throwIfAborted();
    return { ...ami, regions: [], outcome: 'partial', error: error as Error };
  }
}

/**
 * An AMI that exists costs one look, and waits for nobody: only what has to be made, or compared with the image, needs
 * the work directory.
 */
async function importIdentified(run: PublishedRun, localFiles: LocalFiles): Promise<ObtainedAmi> {
  const { workDirectory, digest, signal, view, request } = run;
  // Each find is reported: where the directory is needed anyway, only the one in there.
  const existing = request.verify ? undefined : await findAmi(run);
  if (existing) return requireBoot(run, existing);
  // One that is there may be shared already, and passes its own check.
  if (!request.verify) {
    await checkPublication({ ...run, means: run.publishing });
    await run.publishing.confirmCopies(request);
  }
  const [url = ''] = request.urls;
  await requireProgramFor(url.replace(/[?#].*/, ''));
  const directory = await openImageDirectory({
    workDirectory,
    digest,
    signal,
    onWait() {
      view.stage(request.name, 'waiting');
      run.notice('another run on this machine works on the same image: waiting for it');
    },
    onTurn: () => view.stage(request.name, 'waiting'),
  });
  try {
    const own: PublishedRun & ImageRun = {
      ...run,
      directory,
      localFiles,
      endedAttempts: { number: 0 },
      failedProofs: { wrong: 0, unproven: 0 },
      wrongStreams: { number: 0, isSizeWrong: false },
      image: { isVerified: false },
      unwantedSnapshots: [],
      beforeReplacing: (ami) => requireReplaceable({ ...run, means: run.publishing }, ami),
    };
    // Looked for in here too: another run may have made it meanwhile.
    const ami = await obtainAmi(own).finally(() => own.image.early?.[Symbol.asyncDispose]());
    // What this run has read of it to prove it is verified.
    const isRead = own.known.proof?.madeAt !== undefined;
    if (request.verify && ami.outcome === 'reused' && ami.snapshotId !== null && !isRead) {
      const { verifyImported } = await import('./verify-snapshot.ts');
      await verifyImported(own, ami.snapshotId);
    }
    return await finishAmi(own, ami);
  } finally {
    directory.release();
  }
}

/** Of a proof that stands: of one that failed the error tells. */
function reportOf({ proof }: Known): ImageResult['proof'] {
  if (!proof) return null;
  const { extent, madeAt, secondsBeforeImportEnd } = proof;
  return { extent, madeAt: madeAt?.toISOString(), secondsBeforeImportEnd };
}
