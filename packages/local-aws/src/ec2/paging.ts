import type { CallConditions } from '../conditions/conditions.ts';
import { integer, string } from '../query/shape.ts';
import { invalidParameterValue } from './errors.ts';

export const pageFields = { MaxResults: integer, NextToken: string };

export interface PageRequest {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface PageLimits {
  /** EC2 refuses less … */
  readonly min: number;
  /** … and gives no more, whatever was asked for. */
  readonly max: number;
}

export interface PageOptions<T> {
  readonly request: PageRequest;
  readonly limits: PageLimits;
  readonly keyOf: (item: T) => string;
  readonly conditions: Pick<CallConditions, 'pageSize'>;
}

export interface Page<T> {
  readonly items: Iterable<T>;
  readonly nextToken?: string;
}

/** The key of the item that the page before ended with. */
export function pageStart({ NextToken: token }: PageRequest): string {
  if (token === undefined) return '';
  const text = Buffer.from(token, 'base64url').toString();
  const start = text.slice(1);
  if (!text.startsWith('1') || tokenOf(start) !== token) {
    throw invalidParameterValue(`The token '${token}' is invalid`);
  }
  return start;
}

/**
 * The next page of `items`, which begin after `pageStart` in the order of `keyOf`. Without MaxResults it is all the
 * rest, which then is read only while the answer is written. A page may be shorter than asked for, or empty, and not be
 * the last: that is where no token comes with it (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-pagination.html).
 */
export function pageOf<T>(
  items: Iterable<T>,
  { request, limits, keyOf, conditions }: PageOptions<T>,
): Page<T> {
  const { MaxResults: maxResults } = request;
  if (maxResults === undefined) return { items };
  if (maxResults < limits.min) {
    throw invalidParameterValue(
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value greater than or equal to ${limits.min}.`,
    );
  }
  const size = conditions.pageSize(Math.min(maxResults, limits.max), 0);
  const page: T[] = [];
  for (const item of items) {
    if (page.length === size) {
      const last = page.at(-1);
      return { items: page, nextToken: tokenOf(last === undefined ? pageStart(request) : keyOf(last)) };
    }
    page.push(item);
  }
  return { items: page };
}

function tokenOf(key: string): string {
  return Buffer.from(`1${key}`).toString('base64url');
}
