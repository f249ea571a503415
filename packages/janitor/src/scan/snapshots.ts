import { DescribeSnapshotsCommand, type Filter, type Snapshot } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { snapshotOrigin, tagRecord } from '@ec2-image/provenance';
import type { SnapshotFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';
import type { RegionScan } from './tasks.ts';

const pageSize = 1000;
const gib = 1024 ** 3;

/** The account's own snapshots. `filters` narrow the list at the service; `wanted` drops what need not be kept in memory. */
export async function* scanSnapshots({
  ec2,
  region,
  filters,
  wanted = () => true,
}: RegionScan & {
  readonly filters?: Filter[];
  readonly wanted?: (snapshot: SnapshotFact) => boolean;
}): AsyncGenerator<SnapshotFact> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ['self'],
        Filters: filters,
        MaxResults: pageSize,
        NextToken: token,
      }),
    );
    return { items: page.Snapshots, nextToken: page.NextToken };
  });
  for await (const snapshots of list) {
    for (const snapshot of snapshots) {
      const fact = snapshotFact(snapshot, region);
      if (wanted(fact)) yield ownStrings(fact);
    }
  }
}

function snapshotFact(snapshot: Snapshot, region: string): SnapshotFact {
  return {
    kind: 'snapshot',
    region,
    snapshotId: snapshot.SnapshotId!,
    state: snapshot.State ?? 'unknown',
    startedAt: snapshot.StartTime?.getTime(),
    sizeBytes: (snapshot.VolumeSize ?? 0) * gib,
    tier: snapshot.StorageTier === 'standard' ? undefined : snapshot.StorageTier,
    origin: snapshotOrigin(snapshot),
    tags: tagRecord(snapshot.Tags),
  };
}
