import type { Image } from '@aws-sdk/client-ec2';
import {
  type AmiFacts,
  conflictError,
  describeImage,
  findImage,
  freshDifference,
  type ImageUpdate,
  registerImage,
  requireUnprotected,
  tagResources,
  updateImage,
} from '@ec2-image/ec2-import';
import { isSufficientProof, provenanceKeys, readProof, tagRecord } from '@ec2-image/provenance';
import { bootModeOf, knowsBootMode } from '../boot/find-boot-mode.ts';
import { requireRootVolume } from '../root-volume.ts';
import { ec2Options, type Finding, type IdentifiedRun, type ImageRun, wantedSnapshotOf } from '../run.ts';
import { knowsSigner } from '../signer.ts';
import type { ObtainedSnapshot } from '../snapshot.ts';
import { FailedProof, type SnapshotProof } from '../snapshot-proof.ts';
import { deleteUnused } from '../surplus-snapshot.ts';
import { amiTagsOf, givenAmiTags, provenAgain } from '../tags.ts';

export interface ObtainedAmi {
  readonly outcome: 'imported' | 'reused' | 'partial';
  readonly imageId: string;
  readonly snapshotId: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** The DescribeImages entry. */
  readonly image: Image;
  /** Why the import is incomplete. */
  readonly error?: Error;
}

/**
 * The AMI of this name and digest, if the account has it: with the tags that an earlier run did not set. Undefined
 * where it has to be made.
 *
 * @param means how to show what nothing recorded says: that the image of this digest is signed, and that the snapshot is made of it. Without them, such an AMI is not found
 * @throws where the name is taken by something that may not be touched, before anything is downloaded for it
 */
export async function findAmi(run: IdentifiedRun): Promise<ObtainedAmi | undefined>;
export async function findAmi(run: ImageRun, means: AmiMeans): Promise<ObtainedAmi | undefined>;
export async function findAmi(
  run: IdentifiedRun | ImageRun,
  means?: AmiMeans,
): Promise<ObtainedAmi | undefined> {
  const { request, steps, known } = run;
  const { usable: ami } = await findAmiByName(run);
  if (!ami) return undefined;
  const { imageId, rootSnapshotId } = ami;
  if (!knowsSigner(run, ami.tags)) {
    if (!means) return undefined;
    await means.verifyImage(run as ImageRun);
  }
  known.proof = proofOf(ami);
  if (!isSufficientProof(known.proof.extent, request.proof)) {
    if (!means) return undefined;
    if (!(await proveAmi(run as ImageRun, ami, means))) return undefined;
  }
  knowsBootMode(run, ami.tags);
  steps.reuse('register');
  const tagError = await completeTags(run, { imageId, snapshotId: rootSnapshotId });
  const available = await describeImage({ ...ec2Options(run), imageId, untilAvailable: true });
  const { image, error } = await bringInLine(run, available);
  return obtained({
    outcome: 'reused',
    imageId,
    snapshotId: rootSnapshotId ?? null,
    image,
    error: tagError ?? error,
  });
}

/** What has the name of the AMI. Neither: it is free. */
export interface FoundAmi {
  /** To be reused, once it is known to be signed and proven. */
  readonly usable?: AmiFacts;
  /** To be deregistered for the one that is registered: it failed, or is to be replaced. */
  readonly inTheWay?: AmiFacts;
}

/**
 * What has the name of the AMI, read once. Changes nothing.
 *
 * @throws Ec2ImportError where the name is taken by something that may not be touched, or that EC2 would not deregister
 */
export async function findAmiByName(run: Finding): Promise<FoundAmi> {
  const { request, amiName: name, digest } = run;
  const found = await findImage({ ...ec2Options(run), name, digest, ...wantedAmiOf(run) });
  if (!found) return {};
  const { kind, ami } = found;
  if (kind === 'failed') return inTheWay(ami);
  if (kind !== 'ours') {
    if (request.replace && kind !== 'foreign') return inTheWay(ami);
    throw conflictError(found);
  }
  if (!request.fresh) return { usable: ami };
  if (request.replace) return inTheWay(ami);
  throw conflictError({ kind: 'different', ami, differences: [freshDifference] });
}

function inTheWay(ami: AmiFacts): FoundAmi {
  requireUnprotected(ami);
  return { inTheWay: ami };
}

interface AmiMeans {
  readonly verifyImage: (run: ImageRun) => Promise<unknown>;
  readonly proveSnapshot: (run: ImageRun, snapshotId: string) => Promise<void>;
}

/** As its own tags or those of its snapshot say: both were set once the proof had been made. */
export function proofOf({ tags, snapshotTags = {} }: AmiFacts): SnapshotProof {
  const [own, ofSnapshot] = [readProof(tags) ?? 'none', readProof(snapshotTags) ?? 'none'];
  const converter = snapshotTags[provenanceKeys.converter] ?? tags[provenanceKeys.converter];
  return { extent: isSufficientProof(own, ofSnapshot) ? own : ofSnapshot, converter };
}

/**
 * Proves an AMI that nobody has proven as far as this run asks, by reading its snapshot. False where it is another, and is to be
 * replaced.
 */
async function proveAmi(
  run: ImageRun,
  { imageId, rootSnapshotId }: AmiFacts,
  { proveSnapshot }: AmiMeans,
): Promise<boolean> {
  const { known, request, notice } = run;
  if (rootSnapshotId === undefined) return true;
  notice(`the proof of ${imageId} is "${known.proof!.extent}": reading its snapshot ${rootSnapshotId}`);
  try {
    await proveSnapshot(run, rootSnapshotId);
  } catch (error) {
    if (!(error instanceof FailedProof)) throw error;
    if (!request.replace) throw error.because;
    run.unwantedSnapshots.push(rootSnapshotId);
    return false;
  }
  known.proof = { ...known.proof!, extent: 'full', madeAt: new Date(run.cloud.connection.clock.now()) };
  return true;
}

/** What is asked of the AMI, whether it is found or registered. */
function wantedAmiOf(run: Finding) {
  const { architecture, ami } = run.request;
  return {
    architecture,
    bootMode: bootModeOf(run),
    tpmSupport: ami.tpm,
    imdsSupport: ami.imds,
    uefiData: ami.uefiData,
    rootDeviceName: ami.rootDevice,
    rootVolume: ami.rootVolume,
    devices: ami.devices,
    ownSnapshot: ami.ownSnapshot,
    ...wantedSnapshotOf(run),
  };
}

/** What can be changed of an AMI that exists. */
export function imageUpdateOf({ request: { ami } }: Pick<IdentifiedRun, 'request'>): ImageUpdate {
  const { description, imds: imdsSupport, deregistrationProtection } = ami;
  return { description, imdsSupport, deregistrationProtection };
}

async function bringInLine(
  run: IdentifiedRun,
  image: Image,
): Promise<{ readonly image: Image; readonly error?: Error }> {
  try {
    return { image: await updateImage({ ...ec2Options(run), image, ...imageUpdateOf(run) }) };
  } catch (error) {
    run.signal.throwIfAborted();
    return { image, error: error as Error };
  }
}

/** The AMI, registered from its snapshot, or found registered by a run at the same time. */
export async function registerAmi(run: ImageRun, snapshot: ObtainedSnapshot): Promise<ObtainedAmi> {
  const { request, amiName: name, digest, steps, known } = run;
  known.snapshotId = snapshot.snapshotId;
  requireRootVolume(request, { diskBytes: snapshot.sizeGiB * 2 ** 30 });
  const ami = await steps.take(
    'register',
    () =>
      registerImage({
        ...ec2Options(run),
        name,
        digest,
        snapshot,
        ...wantedAmiOf(run),
        description: request.ami.description,
        deregistrationProtection: request.ami.deregistrationProtection,
        tags: amiTagsOf(run),
        replace: request.replace,
        beforeReplacing: run.beforeReplacing,
        fresh: request.fresh,
        onRegistered(imageId) {
          known.imageId = imageId;
          run.leftovers.set('ami', `AMI ${imageId}`);
        },
      }),
    ({ outcome }) => ({ outcome: outcome === 'reused' ? 'reused' : 'done' }),
  );
  await deleteUnused(run, { own: snapshot, usedId: ami.snapshotId });
  for (const snapshotId of ami.leftSnapshotIds)
    run.notice(`could not delete ${snapshotId} of the replaced AMI`);
  // Registered with them; here is whether they could be read back.
  steps.record('tag', { outcome: ami.tagError ? 'failed' : 'done' });
  return obtained({
    outcome: 'imported',
    imageId: ami.imageId,
    snapshotId: ami.snapshotId,
    image: ami.image,
    error: ami.tagError ?? ami.updateError,
  });
}

/** Every tag that an AMI that is reused, and its snapshot, are to have; and the keys whose value is corrected. */
export function wantedTagsOf(
  run: IdentifiedRun,
  { imageId, snapshotId }: { readonly imageId: string; readonly snapshotId?: string },
): { readonly id: string; readonly tags: Record<string, string>; readonly overwrite: string[] }[] {
  const ofSnapshot = { ...run.request.ami.snapshotTags, ...provenAgain(run) };
  return [
    {
      id: imageId,
      tags: amiTagsOf(run),
      overwrite: [...Object.keys(givenAmiTags(run)), ...Object.keys(provenAgain(run))],
    },
    // Those of the snapshot are complete since before it was registered; the user's own are all that may be lacking, and a proof.
    ...(snapshotId !== undefined && Object.keys(ofSnapshot).length > 0
      ? [{ id: snapshotId, tags: ofSnapshot, overwrite: Object.keys(ofSnapshot) }]
      : []),
  ];
}

/** An AMI without its tags is worth more than none: what failed comes back. The user's own get the values that they have now. */
async function completeTags(
  run: IdentifiedRun,
  { imageId, snapshotId }: { readonly imageId: string; readonly snapshotId?: string },
): Promise<Error | undefined> {
  const resources = wantedTagsOf(run, { imageId, snapshotId });
  try {
    await run.steps.take(
      'tag',
      async () => {
        const reports = [];
        for (const { id, ...each } of resources)
          reports.push(...(await tagResources({ ...ec2Options(run), ids: [id], ...each })));
        return reports;
      },
      (reports) => ({ outcome: reports.some(({ added }) => added.length > 0) ? 'done' : 'reused' }),
    );
    return undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    return error as Error;
  }
}

function obtained(ami: Omit<ObtainedAmi, 'tags'>): ObtainedAmi {
  return { ...ami, outcome: ami.error ? 'partial' : ami.outcome, tags: tagRecord(ami.image.Tags) };
}
