import { pause, policies } from '@ec2-image/aws-call';
import { findCopies } from '../copy/find-copies.ts';
import { createEc2 } from '../ec2.ts';
import type { PublishError } from '../errors.ts';
import { type Change, comparePublished, isRevoking } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { readPublished } from '../published/read-published.ts';
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
  const imageId = await findImageId(source, target, session);
  const found = imageId === undefined ? undefined : await readRevocable(imageId, { target, session });
  const changes = differences(found, { target, session });
  const isSourceEncrypted = (source.image.BlockDeviceMappings ?? []).some(({ Ebs }) => Ebs?.Encrypted);
  const obstacles = await readObstacles(target, { session, found, isSourceEncrypted });
  return { target, session, found, changes, obstacles };
}

async function findImageId(
  { region, image }: PublishSource,
  target: PublishTarget,
  { ec2 }: RegionSession,
): Promise<string | undefined> {
  if (target.region === region) return image.ImageId;
  const copies = await findCopies(createEc2(ec2), {
    source: { region, imageId: image.ImageId! },
    region: target.region,
  });
  return copies.find(({ State }) => State === 'available')?.ImageId;
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
  found: PublishedAmi | undefined,
  { target, session }: Pick<RegionPlan, 'target' | 'session'>,
): Change[] {
  const { now } = createEc2(session.ec2);
  return comparePublished(target.configured, found, {
    account: session.account,
    region: target.region,
    now: now(),
  });
}
