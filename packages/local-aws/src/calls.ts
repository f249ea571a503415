import { isMutating } from './is-mutating.ts';
import type { ServiceName } from './service.ts';

/** One call as the log keeps it. It is there from the moment it is understood, and filled in when it ends. */
export interface CallRecord {
  /** From 1, in the order in which calls were understood. */
  readonly sequence: number;
  readonly time: string;
  readonly requestId: string;
  readonly service: ServiceName;
  readonly region: string;
  readonly accountId: string;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly mutating: boolean;
  /** The caller only watches, or prepares a test: no conditions were met. */
  readonly observes?: true;
  /** The kinds of the faults that struck it. */
  faults?: string[];
  /** What it met of the account's conditions. */
  met?: 'throttled' | 'answer-lost';
  outcome: 'running' | 'answered' | 'dropped' | 'client-left';
  /** Of the answer; of the one decided but not sent, where it was dropped. */
  status?: number;
  errorCode?: string;
  durationMs?: number;
}

export type NewCall = Omit<CallRecord, 'sequence' | 'mutating' | 'outcome'>;

export interface Calls {
  start(call: NewCall): CallRecord;
  end(record: CallRecord): void;
  /** How many calls of the operation are under way. */
  underWay(operation: string): number;
  /** Those kept, oldest first; `after` is a sequence number. */
  list(options?: { after?: number; limit?: number }): CallRecord[];
  /** Forgets the records; the numbers continue. */
  clear(): void;
  /** Hears of each call as it ends. */
  subscribe(listener: (record: CallRecord) => void): () => void;
}

/** Keeps the last `kept` calls. */
export function createCalls({ kept = 10_000 }: { kept?: number } = {}): Calls {
  let sequence = 0;
  let records: CallRecord[] = [];
  const listeners = new Set<(record: CallRecord) => void>();
  const running = new Map<string, number>();
  const count = ({ operation }: CallRecord, change: number) =>
    void running.set(operation, (running.get(operation) ?? 0) + change);
  return {
    start(call) {
      sequence += 1;
      const record: CallRecord = {
        sequence,
        ...call,
        mutating: isMutating(call.operation),
        outcome: 'running',
      };
      records.push(record);
      count(record, 1);
      // Cut in one go now and then: dropping one at each call would move the whole list each time.
      if (records.length > 2 * kept) records = records.slice(-kept);
      return record;
    },
    end(record) {
      count(record, -1);
      for (const listener of listeners) listener(record);
    },
    underWay: (operation) => running.get(operation) ?? 0,
    list({ after = 0, limit = kept } = {}) {
      return records
        .slice(-kept)
        .filter((record) => record.sequence > after)
        .slice(0, limit);
    },
    clear() {
      records = [];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
