import { DescribeSnapshotsCommand, type Filter, type Snapshot } from '@aws-sdk/client-ec2';
import { snapshotOrigin, tagRecord } from '@ec2-image/provenance';
import type { SnapshotFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';
import { pages } from './pages.ts';
import type { RegionScan } from './tasks.ts';

const pageSize = 1000;
const gib = 1024 ** 3;

/** The account's own snapshots. `filters` narrow the list at the service; `wanted` drops what need not be kept in memory. */
export async function* scanSnapshots({
  ec2,
  region,
  filters,
  wanted = () => true,
  signal,
}: RegionScan & {
  readonly filters?: Filter[];
  readonly wanted?: (snapshot: SnapshotFact) => boolean;
}): AsyncGenerator<SnapshotFact> {
  const list = pages((NextToken) =>
    ec2.send(
      new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: filters, MaxResults: pageSize, NextToken }),
      { abortSignal: signal },
    ),
  );
  for await (const { Snapshots } of list) {
    for (const snapshot of Snapshots ?? []) {
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
    origin: snapshotOrigin(snapshot),
    tags: tagRecord(snapshot.Tags),
  };
}
