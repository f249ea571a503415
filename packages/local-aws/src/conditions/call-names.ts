/** A call as the log has it. */
export interface NamedCall {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a call is about. Left out: whatever differs between two runs of one command, such as times in tags. */
const subjects = [
  'bucket',
  'key',
  'partNumber',
  'Name',
  'RoleName',
  'ImageId',
  'ImageId.1',
  'SnapshotId',
  'SnapshotId.1',
  'BlockIndex',
  'ImportTaskId',
  'ImportTaskId.1',
  'ResourceId.1',
];

const madeUpId = /\b(ami|i|import-snap|lt|snap)-[0-9a-z]{8,17}\b/g;

export interface NumberedCall {
  /** Operation and resource. */
  readonly name: string;
  /** Among the calls of this name, from 1. */
  readonly number: number;
}

export interface CallNames {
  /** Counts the call. */
  next(call: NamedCall): NumberedCall;
  /** An id is made up at random: `snap#1` is the first snapshot that anybody named. */
  alias(id: string): string;
}

export function createCallNames(): CallNames {
  const counts = new Map<string, number>();
  const aliases = new Map<string, string>();

  function count(name: string): number {
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    return number;
  }

  function alias(id: string): string {
    return id.replace(madeUpId, (found, prefix: string) => {
      const known = aliases.get(found) ?? `${prefix}#${count(`${prefix}#`)}`;
      aliases.set(found, known);
      return known;
    });
  }

  return {
    alias,
    next({ service, operation, parameters }) {
      const about = subjects.flatMap((subject) => parameters[subject] ?? []).map(alias);
      const name = [service, operation, ...about].join(' ');
      return { name, number: count(name) };
    },
  };
}
