import { ListImagesInRecycleBinCommand, ListSnapshotsInRecycleBinCommand } from '@aws-sdk/client-ec2';
import { type CallOptions, findConsistently, pages } from '@ec2-image/aws-call';
import type { RegionalClients } from './clients.ts';
import { createSenders, type Ec2 } from './senders.ts';
import type { SweepOutcome } from './sweep-outcome.ts';

/** What a sweep deleted and a retention rule of the account keeps: it is charged, and can be restored, until it leaves. */
export interface Recycled {
  readonly kind: 'ami' | 'snapshot';
  readonly region: string;
  readonly id: string;
  /** ISO 8601 in UTC; null where EC2 does not tell. */
  readonly until: string | null;
}

export interface RecycledFound {
  readonly recycled: readonly Recycled[];
  /** Where the Recycle Bin could not be read, and why: nothing is deleted for it or kept. */
  readonly unread: readonly { readonly region: string; readonly detail: string }[];
}

export interface FindRecycledOptions extends CallOptions {
  readonly outcomes: readonly SweepOutcome[];
  readonly clients: RegionalClients;
}

type Kind = Recycled['kind'];

/** Looks for what was deleted in the Recycle Bin of its region. Makes no call where no AMI or snapshot was deleted. */
export async function findRecycled({ outcomes, ...options }: FindRecycledOptions): Promise<RecycledFound> {
  const senders = createSenders(options);
  const recycled: Recycled[] = [];
  const unread: { region: string; detail: string }[] = [];
  const deleted = outcomes.filter(({ outcome }) => outcome === 'deleted').map(({ resource }) => resource);
  for (const kind of ['ami', 'snapshot'] as const) {
    const regions = Map.groupBy(
      deleted.filter((resource) => resource.kind === kind),
      ({ region }) => region,
    );
    for (const [region, resources] of regions) {
      const ids = new Set(resources.map(({ id }) => id));
      try {
        const found = await findInBin(ids, { kind, ec2: senders.ec2(region) });
        recycled.push(...found.map((one) => ({ kind, region, ...one })));
      } catch (error) {
        options.signal?.throwIfAborted();
        unread.push({ region, detail: (error as Error).message });
      }
    }
  }
  return { recycled, unread };
}

type InBin = Pick<Recycled, 'id' | 'until'>;

/** Asked several times: the bin may show a moment later what was deleted a moment ago. */
async function findInBin(
  ids: ReadonlySet<string>,
  { kind, ec2 }: { readonly kind: Kind; readonly ec2: Ec2 },
): Promise<readonly InBin[]> {
  let found: readonly InBin[] = [];
  await findConsistently(ec2, async () => {
    found = (await readBin(kind, ec2)).filter(({ id }) => ids.has(id));
    return found.length === ids.size ? found : undefined;
  });
  return found;
}

/** All that is in it: asked for by its id, what is not in it would be an error. */
async function readBin(kind: Kind, ec2: Ec2): Promise<InBin[]> {
  const list = kind === 'ami' ? imagePages(ec2) : snapshotPages(ec2);
  const found: InBin[] = [];
  for await (const page of list) {
    for (const { id = '', until } of page) found.push({ id, until: until?.toISOString() ?? null });
  }
  return found;
}

const pageSize = 1000;

type Listed = readonly { readonly id?: string; readonly until?: Date }[];

function imagePages(ec2: Ec2): AsyncIterable<Listed> {
  return pages(async (token) => {
    const { Images = [], NextToken } = await ec2.send(
      new ListImagesInRecycleBinCommand({ MaxResults: pageSize, NextToken: token }),
    );
    return {
      items: Images.map(({ ImageId, RecycleBinExitTime }) => ({ id: ImageId, until: RecycleBinExitTime })),
      nextToken: NextToken,
    };
  });
}

function snapshotPages(ec2: Ec2): AsyncIterable<Listed> {
  return pages(async (token) => {
    const { Snapshots = [], NextToken } = await ec2.send(
      new ListSnapshotsInRecycleBinCommand({ MaxResults: pageSize, NextToken: token }),
    );
    return {
      items: Snapshots.map(({ SnapshotId, RecycleBinExitTime }) => ({
        id: SnapshotId,
        until: RecycleBinExitTime,
      })),
      nextToken: NextToken,
    };
  });
}
