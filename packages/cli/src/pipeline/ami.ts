import type { Image } from '@aws-sdk/client-ec2';
import { conflictError, describeImage, findImage, registerImage, tagResources } from '@ec2-image/ec2-import';
import { tagRecord } from '@ec2-image/provenance';
import { CliError } from '../errors.ts';
import { obtainSnapshot } from './snapshot.ts';
import { amiTagsOf } from './tags.ts';
import type { Identified, Work } from './work.ts';
import { ec2Options } from './work.ts';

export interface ObtainedAmi {
  readonly outcome: 'imported' | 'reused' | 'partial';
  readonly imageId: string;
  readonly snapshotId: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** The DescribeImages entry. */
  readonly image: Image;
  /** Why it is only a partial success. */
  readonly error?: Error;
}

/**
 * The AMI of this name and digest, if the account has it: with the tags that an earlier run left off. Undefined
 * where it has to be made.
 *
 * @throws where the name is taken by something that may not be touched, before anything is downloaded for it
 */
export async function reuseAmi(work: Identified): Promise<ObtainedAmi | undefined> {
  const { request, amiName: name, digest, steps } = work;
  const found = await findImage({
    ...ec2Options(work),
    name,
    digest,
    architecture: request.architecture,
    bootMode: request.bootMode,
  });
  if (!found || found.kind === 'failed') return undefined;
  if (found.kind !== 'ours') {
    if (request.replace && found.kind !== 'foreign') return undefined;
    throw conflictError(found);
  }
  const { imageId, rootSnapshotId } = found.ami;
  if (request.fresh) {
    if (request.replace) return undefined;
    throw new CliError(
      'AMI_NAME_TAKEN_BY_OURS',
      `--fresh asks for a new AMI, and ${imageId} has the name ${name}`,
      {
        hint: 'Give another --suffix, or --replace to have the old one deregistered.',
        facts: { imageId, amiName: name },
      },
    );
  }
  steps.reuse('register');
  const tagError = await completeTags(work, [imageId]);
  return obtained({
    outcome: 'reused',
    imageId,
    snapshotId: rootSnapshotId ?? null,
    image: await describeImage({ ...ec2Options(work), imageId, untilAvailable: true }),
    error: tagError,
  });
}

/** The AMI, registered from its snapshot, or found registered by a run at the same time. */
export async function makeAmi(
  work: Work,
  known: { snapshotId?: string; imageId?: string },
): Promise<ObtainedAmi> {
  const { request, amiName: name, digest, steps } = work;
  const snapshot = request.verify
    ? await (await import('./proven-snapshot.ts')).obtainProvenSnapshot(work)
    : await obtainSnapshot(work);
  known.snapshotId = snapshot.snapshotId;
  const ami = await steps.take(
    'register',
    () =>
      registerImage({
        ...ec2Options(work),
        name,
        digest,
        snapshot,
        architecture: request.architecture,
        bootMode: request.bootMode,
        tags: amiTagsOf(work),
        replace: request.replace,
        fresh: request.fresh,
        onRegistered(imageId) {
          known.imageId = imageId;
          work.remains.set('ami', `AMI ${imageId}`);
        },
      }),
    ({ outcome }) => ({ outcome: outcome === 'reused' ? 'reused' : 'done' }),
  );
  const tagError = await steps
    .take('tag', async () => {
      if (ami.tagError) throw ami.tagError;
    })
    .catch((error: Error) => error);
  return obtained({
    outcome: 'imported',
    imageId: ami.imageId,
    snapshotId: ami.snapshotId,
    image: ami.image,
    error: tagError ?? undefined,
  });
}

/** An AMI without its tags is worth more than none: what failed comes back. */
async function completeTags(work: Identified, ids: readonly string[]): Promise<Error | undefined> {
  try {
    await work.steps.take(
      'tag',
      () => tagResources({ ...ec2Options(work), ids, tags: amiTagsOf(work) }),
      (reports) => ({ outcome: reports.some(({ added }) => added.length > 0) ? 'done' : 'reused' }),
    );
    return undefined;
  } catch (error) {
    work.signal.throwIfAborted();
    return error as Error;
  }
}

function obtained(ami: Omit<ObtainedAmi, 'tags'>): ObtainedAmi {
  return { ...ami, outcome: ami.error ? 'partial' : ami.outcome, tags: tagRecord(ami.image.Tags) };
}
