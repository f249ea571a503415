import { integer, list, oneOf, required, string, timestamp } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import type { Snapshot, SnapshotFacts, SnapshotLock } from './snapshot.ts';

const dayMs = 24 * 60 * 60 * 1000;
const hourMs = 60 * 60 * 1000;

type LockState = 'compliance' | 'governance' | 'compliance-cooloff' | 'expired';

function lockState({ mode, expiresAt, coolOffExpiresAt = 0 }: SnapshotLock, now: number): LockState {
  if (expiresAt <= now) return 'expired';
  return mode === 'compliance' && coolOffExpiresAt > now ? 'compliance-cooloff' : mode;
}

function describedLock(id: string, lock: SnapshotLock, now: number): XmlElements {
  const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at));
  return {
    snapshotId: id,
    lockState: lockState(lock, now),
    lockDuration: lock.duration,
    coolOffPeriod: lock.coolOffHours,
    coolOffPeriodExpiresOn: time(lock.coolOffExpiresAt),
    lockCreatedOn: time(lock.createdAt),
    lockDurationStartTime: time(lock.createdAt),
    lockExpiresOn: time(lock.expiresAt),
  };
}

export const lockSnapshot = operation({
  fields: {
    SnapshotId: required(string),
    LockMode: required(oneOf('compliance', 'governance')),
    CoolOffPeriod: integer,
    LockDuration: integer,
    ExpirationDate: timestamp,
  },
  run(input, { store, resources, now }) {
    const id = input.SnapshotId;
    const lock = newLock(input, now());
    store.transaction(() => {
      const { facts } = resources.get<SnapshotFacts>('snapshot', id);
      if (facts.lock && lockState(facts.lock, now()) === 'compliance') {
        const extended =
          lock.mode === 'compliance' && lock.expiresAt >= facts.lock.expiresAt && !lock.coolOffHours;
        if (!extended) throw locked(id);
      }
      resources.setFacts<SnapshotFacts>(id, { ...facts, lock });
    });
    return describedLock(id, lock, now());
  },
});

function newLock(
  {
    LockMode: mode,
    CoolOffPeriod: coolOffHours,
    LockDuration: days,
    ExpirationDate: expiration,
  }: {
    LockMode: 'compliance' | 'governance';
    CoolOffPeriod?: number;
    LockDuration?: number;
    ExpirationDate?: Date;
  },
  now: number,
): SnapshotLock {
  if ((days === undefined) === (expiration === undefined)) {
    throw invalidParameterCombination('Specify either LockDuration or ExpirationDate, and not both.');
  }
  if (coolOffHours !== undefined && mode === 'governance') {
    throw invalidParameterCombination('CoolOffPeriod cannot be specified for the lock mode governance.');
  }
  if (coolOffHours !== undefined && (coolOffHours < 1 || coolOffHours > 72)) {
    throw invalidParameterValue('CoolOffPeriod must be between 1 and 72 hours.');
  }
  const expiresAt = expiration?.getTime() ?? now + days! * dayMs;
  const duration = days ?? Math.ceil((expiresAt - now) / dayMs);
  if (duration < 1 || duration > 36_500) {
    throw invalidParameterValue('A lock must last between 1 and 36500 days.');
  }
  return {
    mode,
    createdAt: now,
    duration,
    expiresAt,
    coolOffHours,
    coolOffExpiresAt: coolOffHours === undefined ? undefined : now + coolOffHours * hourMs,
  };
}

export const unlockSnapshot = operation({
  fields: { SnapshotId: required(string) },
  run({ SnapshotId: id }, { store, resources, now }) {
    store.transaction(() => {
      const {
        facts: { lock, ...facts },
      } = resources.get<SnapshotFacts>('snapshot', id);
      if (!lock) throw ec2Error('SnapshotLock.NotFound', `The snapshot '${id}' is not locked.`);
      if (lockState(lock, now()) === 'compliance') throw locked(id);
      resources.setFacts<SnapshotFacts>(id, facts);
    });
    return { snapshotId: id };
  },
});

function locked(id: string) {
  return ec2Error('OperationNotPermitted', `The snapshot '${id}' is locked in compliance mode.`);
}

export const describeLockedSnapshots = operation({
  fields: { SnapshotId: list(string), Filter: filterList, ...pageFields },
  run(input, { resources, accountId, conditions, now }) {
    const at = now();
    const { items, nextToken } = listResources<SnapshotFacts>({
      resources,
      type: 'snapshot',
      ids: input.SnapshotId,
      filters: input.Filter,
      fields: {
        'lock-state': ({ facts }: Snapshot) => facts.lock && lockState(facts.lock, at),
      },
      isWanted: ({ facts }) => facts.lock !== undefined,
      request: input,
      limits: { min: 5, max: 1000 },
      conditions,
    });
    return {
      snapshotSet: {
        item: rendered(items, ({ id, facts }) => ({
          ownerId: accountId,
          ...describedLock(id, facts.lock!, at),
        })),
      },
      nextToken,
    };
  },
});
