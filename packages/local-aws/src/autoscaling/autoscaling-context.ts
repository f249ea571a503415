import { operationFor } from '../query/operation.ts';
import { ServiceError } from '../service.ts';
import type { Store } from '../store/store.ts';

export interface AutoScalingContext {
  readonly accountId: string;
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
}

export const operation = operationFor<AutoScalingContext>();

const defaultPage = 50;
const maxPage = 100;

/** @throws ServiceError `ValidationError` */
export function pageSize({ MaxRecords: size = defaultPage }: { readonly MaxRecords?: number }): number {
  if (size >= 1 && size <= maxPage) return size;
  throw new ServiceError(400, 'ValidationError', `MaxRecords must be between 1 and ${maxPage}`);
}

/** The name that the page before ended with. */
export function pageStart({ NextToken: token = '' }: { readonly NextToken?: string }): string {
  const start = Buffer.from(token, 'base64url').toString();
  if (pageToken(start) !== token)
    throw new ServiceError(400, 'InvalidNextToken', 'The NextToken is not valid.');
  return start;
}

export function pageToken(name: string): string {
  return Buffer.from(name).toString('base64url');
}
