import type { IncomingHttpHeaders } from 'node:http';
import type { Faults, FaultTarget } from '../faults/faults.ts';
import type { ActionOf, FaultKind } from '../faults/rules.ts';
import type { Permissions } from '../iam/authorization/permissions.ts';
import type { ServiceRequest, ServiceResponse } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import type { Store } from '../store/store.ts';

/** One request as S3's operations see it. */
export interface S3Call {
  readonly operation: string;
  readonly request: ServiceRequest;
  /** As the log shows them. */
  readonly parameters: FaultTarget['parameters'];
  /** What the caller may do. */
  readonly permissions: Permissions;
  readonly query: URLSearchParams;
  /** Empty where the operation is the service's own (`ListBuckets`). */
  readonly bucketName: string;
  /** Empty where the operation is a bucket's. */
  readonly key: string;
  readonly virtualHosted: boolean;
  readonly store: Store;
  readonly faults: Faults;
  readonly now: () => number;
  /** The header's one value; a repeated one's are joined by commas. */
  header(name: string): string | undefined;
  /** The fault of that kind that strikes here, if any. */
  fault<Kind extends FaultKind>(kind: Kind): ActionOf<Kind> | undefined;
}

export type Operation = (call: S3Call) => ServiceResponse | Promise<ServiceResponse>;

export function createS3Call({
  context: { store, faults, permissions, now },
  request,
  operation,
  target,
  parameters,
}: {
  context: ServiceContext;
  request: ServiceRequest;
  operation: string;
  target: { bucket?: string; key?: string; virtualHosted: boolean };
  parameters: FaultTarget['parameters'];
}): S3Call {
  return {
    operation,
    request,
    parameters,
    permissions: permissions.of(request),
    query: request.query,
    bucketName: target.bucket ?? '',
    key: target.key ?? '',
    virtualHosted: target.virtualHosted,
    store,
    faults,
    now,
    header: (name) => headerOf(request.headers, name),
    fault: (kind) => faults.take(kind, { service: 's3', operation, parameters }),
  };
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
