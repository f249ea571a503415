import type { Image } from '@aws-sdk/client-ec2';
import { pause, policies } from '@ec2-image/aws-call';
import { copyStateOf, findNamesakes, sourceOf } from '../copy/find-namesakes.ts';
import { findInTheWay } from '../copy/in-the-way.ts';
import { createEc2 } from '../ec2.ts';
import type { PublishError } from '../errors.ts';
import { type Change, comparePublished, isRevoking } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { readPublished } from '../published/read-published.ts';
import { findAnnounced } from './find-announced.ts';
import { readObstacles } from './read-obstacles.ts';
import type { PublishSource, PublishTarget, RegionSession } from './target.ts';

/** What is to be done in one region, before any of it is. */
export interface RegionPlan {
  readonly target: PublishTarget;
  readonly session: RegionSession;
  /** Undefined where no copy is available yet. */
  readonly found?: PublishedAmi;
  /** In the order of effects; none where the region is as configured. */
  readonly changes: readonly Change[];
  /** Why EC2 would refuse that. */
  readonly obstacles: readonly PublishError[];
}

/** Reads what is there, and compares. */
export async function planRegion(source: PublishSource, target: PublishTarget): Promise<RegionPlan> {
  const session = await target.open();
  const { imageId, replaced = [], inTheWay } = await findImage(source, target, session);
  const replaces = replaced.at(-1)?.ImageId;
  const found = imageId === undefined ? undefined : await readRevocable(imageId, { target, session });
  const changes = found
    ? differences(found, { target, session })
    : (await changesOfNew(target, { session, madeIn: source.region })).map((change) =>
        change.step === 'copy' && replaces !== undefined ? { ...change, replaces } : change,
      );
  const isSourceEncrypted = (source.image.BlockDeviceMappings ?? []).some(({ Ebs }) => Ebs?.Encrypted);
  const obstacles = [
    ...(inTheWay ? [inTheWay] : []),
    ...(await findAnnounced(replaced, { target, session })),
    ...(await readObstacles(target, { session, found, isSourceEncrypted })),
  ];
  return { target, session, found, changes, obstacles };
}

interface FoundImage {
  /** Of the source or its copy, where that is available. */
  readonly imageId?: string;
  /** Copies of earlier AMIs, which give way. */
  readonly replaced?: readonly Image[];
  /** Why there can be none. */
  readonly inTheWay?: PublishError;
}

async function findImage(
  { region: sourceRegion, image: source }: PublishSource,
  { region, replace = false }: PublishTarget,
  session: RegionSession,
): Promise<FoundImage> {
  if (region === sourceRegion) return { imageId: source.ImageId! };
  const ec2 = createEc2(session.ec2);
  const place = { source, sourceRegion, region, replace };
  // Reads lag: what was in the way until a moment ago may still show.
  for (let n = 1; ; n += 1) {
    const found = await findNamesakes(ec2, { source: sourceOf(source, sourceRegion), region });
    const inTheWay = findInTheWay(found, place);
    if (!inTheWay) {
      const copy = found.copies.find((one) => copyStateOf(one) === 'available');
      if (copy) return { imageId: copy.ImageId! };
      return { replaced: found.others };
    }
    if (n === policies.consistentAbsence.attempts) return { inTheWay };
    await pause(ec2, { n, pace: policies.consistentAbsence });
  }
}

/** The AMI and its parameters as they are now. */
export function readTarget(
  imageId: string,
  { target, session }: Pick<RegionPlan, 'target' | 'session'>,
): Promise<PublishedAmi> {
  const names = target.configured.parameters.map(({ name }) => name);
  const { parameters } = session;
  return readPublished({
    ...session.ec2,
    region: target.region,
    imageId,
    ...(parameters && names.length > 0 && { readParameters: () => parameters.read(names) }),
  });
}

/** What is to be revoked must show several times: reads lag, and what was revoked a moment ago may still show. */
async function readRevocable(
  imageId: string,
  at: Pick<RegionPlan, 'target' | 'session'>,
): Promise<PublishedAmi> {
  const ec2 = createEc2(at.session.ec2);
  for (let n = 1; ; n += 1) {
    const found = await readTarget(imageId, at);
    if (n === policies.consistentAbsence.attempts || !differences(found, at).some(isRevoking)) return found;
    await pause(ec2, { n, pace: policies.consistentAbsence });
  }
}

export function differences(
  found: PublishedAmi,
  { target, session }: Pick<RegionPlan, 'target' | 'session'>,
): Change[] {
  const { now } = createEc2(session.ec2);
  return comparePublished(target.configured, found, {
    account: session.account,
    region: target.region,
    now: now(),
  });
}

/** Of an AMI that is not in the region yet, everything; what the parameters hold until then is read. */
export async function changesOfNew(
  { region, configured }: PublishTarget,
  { session, madeIn }: { readonly session: RegionSession; readonly madeIn: string },
): Promise<Change[]> {
  const names = configured.parameters.map(({ name }) => name);
  const parameters = names.length > 0 ? await session.parameters?.read(names) : undefined;
  const now = createEc2(session.ec2).now();
  const { account } = session;
  // The region of the import gets the AMI itself.
  return comparePublished(configured, undefined, { account, region, now, parameters }).filter(
    ({ step }) => step !== 'copy' || region !== madeIn,
  );
}
