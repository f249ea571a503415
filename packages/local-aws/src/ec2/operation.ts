import type { CallConditions, Conditions } from '../conditions/conditions.ts';
import type { Faults, FaultTarget } from '../faults/faults.ts';
import type { Permissions } from '../iam/authorization/permissions.ts';
import type { Roles } from '../iam/roles.ts';
import { operationFor } from '../query/operation.ts';
import type { ParameterStore } from '../ssm/parameter-store.ts';
import type { Store } from '../store/store.ts';
import type { ImportObjects } from './import-objects.ts';
import type { Machines } from './machine.ts';
import type { Resources } from './resources.ts';
import type { Ec2Settings } from './settings.ts';
import type { SnapshotFiles } from './snapshot-files.ts';

/** What an operation works with: one call's account and region. */
export interface Ec2Context {
  readonly accountId: string;
  readonly region: string;
  readonly store: Store;
  readonly resources: Resources;
  readonly snapshotFiles: SnapshotFiles;
  readonly settings: Ec2Settings;
  readonly faults: Faults;
  /** What a fault of this call is matched against. */
  readonly call: FaultTarget;
  /** For how long a fault hides what this call writes; `resources` sees to it. */
  readonly unseenMs: number;
  /** What this call meets. */
  readonly conditions: CallConditions;
  /** What the caller may do with a KMS key. */
  readonly permissions: Permissions;
  /** What the account is like. */
  readonly account: Conditions;
  readonly objects: ImportObjects;
  readonly roles: Roles;
  readonly parameterStore: ParameterStore;
  readonly imports: { wake(): void };
  /** The regions that are not every account's and that this one has. */
  readonly optedIn: ReadonlySet<string>;
  readonly machines: Machines;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** DryRun need not be declared: every call takes it. */
export const operation = operationFor<Ec2Context>();
