import { provenanceKeys } from '@ec2-image/provenance';
import { createEc2, type Ec2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import type { Change } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { describeAmi, publishedFacts } from '../published/read-published.ts';
import { streamOf } from '../stream.ts';
import { differences, type RegionPlan, readTarget } from './plan-region.ts';
import { type RegionProgress, readBack } from './publish-region.ts';

type Announcement = Extract<Change, { readonly step: 'announce' }>;

/**
 * Moves the parameters of a region that name the latest AMI of a stream. An AMI of another stream, or one that is newer, stays
 * where it is unless `force` says otherwise.
 *
 * @throws PublishError `LATEST_NOT_NEWER`
 */
export async function moveLatest({
  plan,
  found,
  progress,
  force,
  onChange,
}: {
  readonly plan: RegionPlan;
  readonly found: PublishedAmi;
  readonly progress: RegionProgress;
  readonly force: boolean;
  readonly onChange: (change: Change) => void;
}): Promise<void> {
  const { parameters } = plan.session;
  const { imageId } = found;
  if (!parameters || !plan.target.configured.parameters.some(({ latest }) => latest)) return;
  progress.step = 'announce';
  // Regions may have taken hours meanwhile.
  const now = await readTarget(imageId, plan);
  const isLatest = (change: Change): change is Announcement => change.step === 'announce' && change.latest;
  const moves = differences(now, plan).filter(isLatest);
  if (moves.length === 0) {
    if (!progress.steps.has('announce')) progress.steps.set('announce', 'reused');
    return;
  }
  const ec2 = createEc2(plan.session.ec2);
  for (const move of moves) {
    const obstacle = force ? undefined : await latestObstacle(move, { ec2, candidate: found });
    if (obstacle) throw obstacle;
    await parameters.put([{ name: move.parameter, imageId }]);
    progress.made.push(move);
    onChange(move);
  }
  progress.steps.set('announce', 'done');
  await readBack(ec2, imageId, plan, isLatest);
}

/** Why a parameter of the latest AMI would stay where it is; undefined where it may move. */
export async function latestObstacle(
  move: Change,
  { ec2, candidate }: { readonly ec2: Ec2; readonly candidate: Dated & Pick<PublishedAmi, 'region'> },
): Promise<PublishError | undefined> {
  if (move.step !== 'announce' || !move.latest || move.found === undefined) return undefined;
  const { region } = candidate;
  const current = await describeAmi(ec2, move.found);
  const reason = current && whyNotLatest(publishedFacts(current, region), candidate);
  return reason === undefined ? undefined : notNewer(move, { reason, region });
}

type Dated = Pick<PublishedAmi, 'imageId' | 'tags' | 'architecture' | 'creationDate'>;

/** Why `latest` does not move from one AMI to another, as a clause; undefined where the other is newer and of the same stream. */
export function whyNotLatest(current: Dated, candidate: Dated): string | undefined {
  const [from, to] = [streamOf(current), streamOf(candidate)];
  if (from !== to) return `${current.imageId} is of another stream (${from})`;
  return timeOf(current) > timeOf(candidate) ? `${current.imageId} is newer` : undefined;
}

/** Of the import: a copy is made later than its source, and carries the time of that. */
function timeOf({ tags, creationDate = '' }: Dated): string {
  return tags[provenanceKeys.startedAt] ?? creationDate;
}

function notNewer(
  { parameter, found }: Announcement,
  { reason, region }: { readonly reason: string; readonly region: string },
): PublishError {
  return new PublishError('LATEST_NOT_NEWER', `${parameter} in ${region} stays at ${found}: ${reason}`, {
    hint: 'Use --force to move it all the same.',
    facts: { parameter, region, imageId: found },
  });
}
