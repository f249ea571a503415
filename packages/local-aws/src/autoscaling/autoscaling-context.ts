import type { CallConditions } from '../conditions/conditions.ts';
import { operationFor } from '../query/operation.ts';
import { ServiceError } from '../service.ts';
import type { Store } from '../store/store.ts';

export interface AutoScalingContext {
  readonly accountId: string;
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly conditions: Pick<CallConditions, 'pageSize'>;
}

export const operation = operationFor<AutoScalingContext>();

const defaultPage = 50;
const maxPage = 100;

/**
 * MaxRecords is "the maximum number of items to return", says the API's model: there may be fewer.
 *
 * @throws ServiceError `ValidationError`
 */
export function pageSize(
  { MaxRecords: size = defaultPage }: { readonly MaxRecords?: number },
  { conditions }: Pick<AutoScalingContext, 'conditions'>,
): number {
  if (size >= 1 && size <= maxPage) return conditions.pageSize(size, 1);
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
