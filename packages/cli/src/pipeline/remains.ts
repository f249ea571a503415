/** What a run can leave in the account before its AMI stands. */
export type RemainKind = 'upload' | 'object' | 'task' | 'pending' | 'snapshot' | 'ami';

/** Kept while it runs, and told where it ends early. Of each kind there is one at most. */
export interface Remains {
  /** In words; undefined where it is gone, or has become something else. */
  set(kind: RemainKind, what: string | undefined): void;
  /** In the order in which a run makes them. */
  list(): string[];
}

const order: readonly RemainKind[] = ['upload', 'object', 'task', 'pending', 'snapshot', 'ami'];

export function createRemains(): Remains {
  const kept = new Map<RemainKind, string>();
  return {
    set(kind, what) {
      if (what === undefined) kept.delete(kind);
      else kept.set(kind, what);
    },
    list: () => order.flatMap((kind) => kept.get(kind) ?? []),
  };
}
