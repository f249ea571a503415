import type { Conditions } from './conditions/conditions.ts';
import type { Faults } from './faults/faults.ts';
import type { PermissionsBook } from './iam/authorization/permissions.ts';
import type { Store } from './store/store.ts';

/** What the emulator gives each of its services. */
export interface ServiceContext {
  readonly store: Store;
  readonly faults: Faults;
  /** For what only the call itself can decide: each of several keys, the KMS key of a snapshot. */
  readonly permissions: PermissionsBook;
  readonly conditions: Conditions;
  /** Milliseconds since 1970: every time that a service writes down, shows or waits for. */
  readonly now: () => number;
  /** The account of whoever signs with credentials that the emulator was not told of. */
  readonly accountId: string;
  /** Something that a person at the terminal should read. */
  readonly onNotice: (message: string) => void;
}
