import { copySnapshot, findOwnSnapshot, type Snapshot } from '@ec2-image/ec2-import';
import { ec2Options, type Finding, type ImageRun, wantedSnapshotOf } from '../run.ts';
import type { ObtainedSnapshot } from '../snapshot.ts';
import { snapshotTagsOf } from '../tags.ts';

/** `--own-snapshot`: the snapshot, or a copy of it that an earlier run has made, where no other AMI has it. Changes nothing. */
export function findOwn(
  run: Finding & Partial<Pick<ImageRun, 'unwantedSnapshots'>>,
  { snapshotId }: Snapshot,
): Promise<Snapshot | undefined> {
  return findOwnSnapshot(ownOptions(run, snapshotId));
}

/** A copy of the snapshot, for this AMI alone. */
export async function copyOwn(run: ImageRun, source: ObtainedSnapshot): Promise<ObtainedSnapshot> {
  const { notice, steps, leftovers } = run;
  notice(`copying snapshot ${source.snapshotId}, which was made for another AMI`);
  const copy = await steps.take('import', () =>
    copySnapshot({
      ...ownOptions(run, source.snapshotId),
      tags: snapshotTagsOf(run),
      onStarted: (snapshotId) => leftovers.set('snapshot', `snapshot ${snapshotId}`),
    }),
  );
  notice(`snapshot ${copy.snapshotId} is a copy of ${source.snapshotId}`);
  return { ...copy, content: source.content };
}

function ownOptions(run: Finding & Partial<Pick<ImageRun, 'unwantedSnapshots'>>, snapshotId: string) {
  const { request, cloud, digest, amiName } = run;
  return {
    ...ec2Options(run),
    ...wantedSnapshotOf(run),
    digest,
    format: request.via === 'ebs' ? ('raw' as const) : request.format,
    account: cloud.account,
    snapshotId,
    amiName,
    except: run.unwantedSnapshots,
  };
}
