import { findConsistently } from '@ec2-image/aws-call';
import { provenanceKeys, whyNotOurSnapshot } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { listImages } from '../ec2/list-images.ts';
import { oldestOf } from './choose-snapshot.ts';
import { describeSnapshot, listSnapshots } from './describe.ts';
import { type Snapshot, type SnapshotFacts, snapshotOf } from './snapshot.ts';
import { type WantedSnapshot, whyNotEncryption, whyNotSnapshot } from './wanted-snapshot.ts';

export interface OwnSnapshotOptions extends Ec2Options, WantedSnapshot {
  /** What was found or made: of the right image, and complete. */
  readonly snapshotId: string;
  /** Of the AMI that is to have a snapshot of its own. */
  readonly amiName: string;
  /** Passed over. */
  readonly except?: readonly string[];
}

/**
 * The snapshot that belongs to the AMI of this name alone: the given one, where it was made for this AMI and no other uses it, else
 * a copy that an earlier run has completed. Undefined where it has to be copied. Changes nothing.
 */
export async function findOwnSnapshot(options: OwnSnapshotOptions): Promise<Snapshot | undefined> {
  const ec2 = createEc2(options);
  const given = await findConsistently(ec2, async () => {
    const snapshot = await describeSnapshot(ec2, options.snapshotId);
    // It has a name since it was made, or since this run tagged it a moment ago.
    return snapshot?.tags.Name === undefined ? undefined : snapshot;
  });
  if (given && (await isOwn(ec2, given, options))) return snapshotOf(given);
  const copy = await findCopy(ec2, options);
  return copy?.state === 'completed' ? snapshotOf(copy) : undefined;
}

export interface FindCopyOptions extends OwnSnapshotOptions {
  /** Whether one that has failed is found, too, where there is no other. Default false. */
  readonly orFailed?: boolean;
}

/** A copy for this AMI, complete or under way. None is believed only after several looks. */
export function findCopy(ec2: Ec2, options: FindCopyOptions): Promise<SnapshotFacts | undefined> {
  return findConsistently(ec2, () => findCopyNow(ec2, options));
}

/** The oldest, so that two runs choose alike. */
export async function findCopyNow(ec2: Ec2, options: FindCopyOptions): Promise<SnapshotFacts | undefined> {
  const { digest, except = [], orFailed = false } = options;
  const name = `tag:${provenanceKeys.sourceDigest}`;
  const listed = await listSnapshots(ec2, { name, values: [digest] });
  const copies: SnapshotFacts[] = [];
  const failed: SnapshotFacts[] = [];
  for (const snapshot of listed) {
    if (snapshot.origin.kind !== 'copied' || except.includes(snapshot.snapshotId)) continue;
    const found = snapshot.state === 'error' ? failed : copies;
    if (whyNotOurSnapshot(snapshot) !== undefined) continue;
    if (found === copies && whyNot(snapshot, options) !== undefined) continue;
    if (await isOwn(ec2, snapshot, options)) found.push(snapshot);
  }
  const eligible = copies.length === 0 && orFailed ? failed : copies;
  return eligible.length > 0 ? oldestOf(eligible) : undefined;
}

function whyNot(snapshot: SnapshotFacts, wanted: WantedSnapshot): string | undefined {
  return snapshot.state === 'pending'
    ? whyNotEncryption({ found: snapshot, wanted })
    : whyNotSnapshot({ snapshot, task: undefined, wanted });
}

/** The tag alone would not do: a run that asks for no snapshot of its own takes what there is. */
async function isOwn(
  ec2: Ec2,
  { snapshotId, tags }: SnapshotFacts,
  { amiName }: Pick<OwnSnapshotOptions, 'amiName'>,
): Promise<boolean> {
  return tags.Name === amiName && (await otherUsers(ec2, { snapshotId, amiName })).length === 0;
}

/** The account's AMIs that have a snapshot. */
export function snapshotUsers({
  snapshotId,
  ...options
}: Ec2Options & { readonly snapshotId: string }): Promise<string[]> {
  return otherUsers(createEc2(options), { snapshotId });
}

/** The account's AMIs that have the snapshot, but the one of this name. */
export async function otherUsers(
  ec2: Ec2,
  { snapshotId, amiName }: { readonly snapshotId: string; readonly amiName?: string },
): Promise<string[]> {
  const users = await listImages(ec2, { name: 'block-device-mapping.snapshot-id', value: snapshotId });
  return users
    .filter(({ Name, State }) => (amiName === undefined || Name !== amiName) && State !== 'deregistered')
    .flatMap(({ ImageId }) => ImageId ?? []);
}
