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

export interface Page<T> {
  readonly items: Iterable<T>;
  readonly nextToken?: string;
}

/** The key of the item that the page before ended with. */
export function pageStart({ NextToken: token }: PageRequest): string {
  if (token === undefined) return '';
  const start = Buffer.from(token, 'base64url').toString();
  if (tokenOf(start) !== token || start === '')
    throw invalidParameterValue(`The token '${token}' is invalid`);
  return start;
}

/**
 * The next page of `items`, which begin after `pageStart` in the order of `keyOf`. Without MaxResults it is all the
 * rest, which then is read only while the answer is written.
 */
export function pageOf<T>(
  items: Iterable<T>,
  { request, limits, keyOf }: { request: PageRequest; limits: PageLimits; keyOf: (item: T) => string },
): Page<T> {
  const { MaxResults: maxResults } = request;
  if (maxResults === undefined) return { items };
  if (maxResults < limits.min) {
    throw invalidParameterValue(
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value greater than or equal to ${limits.min}.`,
    );
  }
  const size = Math.min(maxResults, limits.max);
  const page: T[] = [];
  for (const item of items) {
    if (page.length === size) return { items: page, nextToken: tokenOf(keyOf(page.at(-1)!)) };
    page.push(item);
  }
  return { items: page };
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}
