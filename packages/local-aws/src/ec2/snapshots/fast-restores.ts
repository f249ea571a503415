import { list, required, string } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error } from '../errors.ts';
import { columnNarrowing, compileFilters, filterList } from '../filters.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { checkIds } from '../resource-type.ts';
import { type FastRestore, type Snapshot, type SnapshotFacts, snapshotState } from './snapshot.ts';

const fields = { AvailabilityZone: required(list(string)), SourceSnapshotId: required(list(string)) };

/** A volume's worth of blocks is warmed at 60 minutes a TiB. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-fast-snapshot-restore.html */
const optimizingMsPerGiB = (60 * 60_000) / 1024;
const enablingMs = 1000;
const disablingMs = 1000;

type State = 'enabling' | 'optimizing' | 'enabled' | 'disabling' | 'disabled';

function timesOf({ startedAt }: FastRestore, { volumeSizeGiB }: SnapshotFacts) {
  const optimizingAt = startedAt + enablingMs;
  return { optimizingAt, enabledAt: optimizingAt + volumeSizeGiB * optimizingMsPerGiB };
}

function stateOf(restore: FastRestore, facts: SnapshotFacts, now: number): State {
  if (restore.stoppedAt !== undefined)
    return restore.stoppedAt + disablingMs > now ? 'disabling' : 'disabled';
  const { optimizingAt, enabledAt } = timesOf(restore, facts);
  return enabledAt <= now ? 'enabled' : optimizingAt <= now ? 'optimizing' : 'enabling';
}

export const enableFastSnapshotRestores = operation({
  fields,
  run: (input, context) =>
    changed(input, context, (restores, { facts }, zone) => {
      if (snapshotState(facts, context.now()) !== 'completed') {
        return ec2Error('IncorrectState', 'The snapshot is not completed.');
      }
      const others = restores.filter((one) => one.zone !== zone);
      const existing = restores.find((one) => one.zone === zone && one.stoppedAt === undefined);
      return [...others, existing ?? { zone, startedAt: context.now() }];
    }),
});

export const disableFastSnapshotRestores = operation({
  fields,
  run: (input, context) =>
    changed(input, context, (restores, _, zone) => {
      if (!restores.some((one) => one.zone === zone && one.stoppedAt === undefined)) {
        return ec2Error('InvalidState', 'Fast snapshot restores are not enabled in this zone.');
      }
      return restores.map((one) => (one.zone === zone ? { ...one, stoppedAt: context.now() } : one));
    }),
});

/** Pair by pair: what is refused is told beside what was done. */
function changed(
  {
    AvailabilityZone: zones,
    SourceSnapshotId: ids,
  }: { AvailabilityZone: string[]; SourceSnapshotId: string[] },
  { store, resources, region, now }: Ec2Context,
  change: (
    restores: readonly FastRestore[],
    snapshot: Snapshot,
    zone: string,
  ) => readonly FastRestore[] | ReturnType<typeof ec2Error>,
): XmlElements {
  checkIds('snapshot', ids);
  return store.transaction(() => {
    const successful: XmlElements[] = [];
    const unsuccessful: XmlElements[] = [];
    for (const id of ids) {
      for (const availabilityZone of zones) {
        const snapshot = resources.find<SnapshotFacts>('snapshot', id);
        const restores = snapshot?.facts.fastRestores ?? [];
        const result = !snapshot
          ? ec2Error('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`)
          : !availabilityZone.startsWith(region)
            ? ec2Error('InvalidParameterValue', `Invalid availability zone: [${availabilityZone}]`)
            : change(restores, snapshot, availabilityZone);
        if ('code' in result) {
          const error = { code: result.code, message: result.message };
          unsuccessful.push({
            snapshotId: id,
            fastSnapshotRestoreStateErrorSet: { item: [{ availabilityZone, error }] },
          });
          continue;
        }
        const facts = { ...snapshot!.facts, fastRestores: result };
        resources.setFacts<SnapshotFacts>(id, facts);
        const restore = result.find(({ zone }) => zone === availabilityZone)!;
        successful.push(described({ snapshot: { ...snapshot!, facts }, restore, tags: [] }, now()));
      }
    }
    return { successful: { item: successful }, unsuccessful: { item: unsuccessful } };
  });
}

interface RestoreOfSnapshot {
  readonly snapshot: Snapshot;
  readonly restore: FastRestore;
  readonly tags: readonly [];
}

function described({ snapshot: { id, facts }, restore }: RestoreOfSnapshot, now: number): XmlElements {
  const { optimizingAt, enabledAt } = timesOf(restore, facts);
  const past = (at: number | undefined) => (at === undefined || at > now ? undefined : new Date(at));
  const stopped = restore.stoppedAt;
  return {
    snapshotId: id,
    availabilityZone: restore.zone,
    state: stateOf(restore, facts, now),
    stateTransitionReason: 'Client.UserInitiated',
    ownerId: facts.ownerId,
    enablingTime: new Date(restore.startedAt),
    optimizingTime: past(optimizingAt),
    enabledTime: past(enabledAt),
    disablingTime: past(stopped),
    disabledTime: past(stopped === undefined ? undefined : stopped + disablingMs),
  };
}

export const describeFastSnapshotRestores = operation({
  fields: { Filter: filterList, ...pageFields },
  run(input, { resources, conditions, now }) {
    const at = now();
    const { matches, narrowings } = compileFilters<RestoreOfSnapshot>(
      input.Filter,
      {
        'availability-zone': ({ restore }) => restore.zone,
        'owner-id': ({ snapshot }) => snapshot.facts.ownerId,
        'snapshot-id': ({ snapshot }) => snapshot.id,
        state: ({ snapshot, restore }) => stateOf(restore, snapshot.facts, at),
      },
      { 'snapshot-id': columnNarrowing('id') },
    );
    const keyOf = ({ snapshot, restore }: RestoreOfSnapshot) => `${snapshot.id} ${restore.zone}`;
    const start = pageStart(input);
    const all = [...resources.scan<SnapshotFacts>('snapshot', { narrowings })].flatMap((snapshot) =>
      (snapshot.facts.fastRestores ?? []).map(
        (restore): RestoreOfSnapshot => ({ snapshot, restore, tags: [] }),
      ),
    );
    const wanted = all
      .filter((one) => matches(one) && keyOf(one) > start)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const { items, nextToken } = pageOf(wanted, {
      request: input,
      limits: { min: 0, max: 200 },
      conditions,
      keyOf,
    });
    return { fastSnapshotRestoreSet: { item: [...items].map((one) => described(one, at)) }, nextToken };
  },
});
