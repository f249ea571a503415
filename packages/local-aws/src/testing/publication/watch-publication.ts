import type { CallRecord, Calls } from '../../calls.ts';
import { openStore } from '../../store/store.ts';
import { availableRegions, readExposed } from './exposed.ts';
import { findUnfinished, type PublicationRules } from './find-unfinished.ts';

interface WatchPublicationOptions extends PublicationRules {
  /** Of the emulator, which runs in this process. */
  readonly calls: Pick<Calls, 'subscribe'>;
  /** The emulator's. */
  readonly directory: string;
  /** The emulator's clock; default the real time. */
  readonly now?: () => number;
}

interface PublicationWatch {
  /** Each with the call after which it was so for the first time. */
  readonly violations: readonly string[];
  /**
   * Ends the watch.
   *
   * @throws Error that tells the violations, if there are any
   */
  end(): void;
}

/**
 * After every call, nobody may be given, nor pointed at, anything that is not finished: no launch permission, no snapshot permission
 * and no parameter. What an account's observer does is its own business: it prepares what a test starts with.
 */
export function watchPublication({
  calls,
  directory,
  now = Date.now,
  ...rules
}: WatchPublicationOptions): PublicationWatch {
  const store = openStore({ directory });
  const violations: string[] = [];
  let known: ReadonlySet<string> = new Set();

  function look(call: CallRecord): void {
    if (!mayExpose(call)) return;
    const found = findUnfinished(readExposed(store, now), {
      ...rules,
      availableIn: (name) => availableRegions(store, name, now),
      grantsSnapshot: call.operation === 'ModifySnapshotAttribute',
    });
    if (!call.observes) {
      const fresh = found.filter((violation) => !known.has(violation));
      violations.push(...fresh.map((violation) => `after ${call.operation}: ${violation}`));
    }
    known = new Set(found);
  }

  const unsubscribe = calls.subscribe(look);
  return {
    violations,
    end() {
      unsubscribe();
      store.close();
      if (violations.length === 0) return;
      throw new Error(`published before it was finished:\n${violations.join('\n')}`);
    },
  };
}

/** No other call changes what anybody sees; a read of SSM may be the one after which a parameter shows. */
function mayExpose({ service, mutating }: CallRecord): boolean {
  return service === 'ssm' || (service === 'ec2' && mutating);
}
