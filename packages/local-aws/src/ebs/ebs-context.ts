import type { Conditions } from '../conditions/conditions.ts';
import type { Resources } from '../ec2/resources.ts';
import type { Ec2Settings } from '../ec2/settings.ts';
import type { Faults, FaultTarget } from '../faults/faults.ts';
import type { Permissions } from '../iam/authorization/permissions.ts';
import type { ServiceRequest, ServiceResponse } from '../service.ts';
import type { Store } from '../store/store.ts';
import type { BlockFiles } from './block-files.ts';
import type { PutsInFlight } from './puts-in-flight.ts';

/** What an operation works with: one call. */
export interface EbsContext {
  readonly request: ServiceRequest;
  /** What the caller may do, keys included. */
  readonly permissions: Permissions;
  readonly store: Store;
  readonly resources: Resources;
  readonly blockFiles: BlockFiles;
  readonly puts: PutsInFlight;
  readonly settings: Ec2Settings;
  readonly faults: Faults;
  /** What the account is like. */
  readonly account: Conditions;
  /** What a fault of this call is matched against. */
  readonly call: FaultTarget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What the path names. */
export interface EbsTarget {
  readonly snapshotId: string;
  readonly blockIndex: number;
}

export type EbsOperation = (target: EbsTarget, context: EbsContext) => Promise<ServiceResponse>;

export function jsonAnswer(status: number, body: object, { id }: ServiceRequest): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': id },
    body: JSON.stringify(body),
  };
}

/** The REST protocols' default for times in a body. */
export function epochSeconds(time: number): number {
  return time / 1000;
}
