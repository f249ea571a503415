import { ServiceError } from '../service.ts';
import type { AutoScalingContext } from './autoscaling-context.ts';

/** What both tables hold of each resource. */
export interface NamedRow {
  readonly name: string;
  readonly arn: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** JSON. */
  readonly facts: string;
}

interface PageInput {
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

export interface NamedPage {
  readonly rows: readonly NamedRow[];
  readonly nextToken: string | undefined;
}

/**
 * A page of a table, by name: of all, or of those of these names.
 *
 * @throws ServiceError `ValidationError`, `InvalidNextToken`
 */
export function namedRows(
  table: 'autoscaling_group' | 'autoscaling_launch_configuration',
  { names, input }: { readonly names: readonly string[]; readonly input: PageInput },
  { store, accountId, region, conditions }: AutoScalingContext,
): NamedPage {
  const size = pageSize(input, { conditions });
  const rows = store.all<NamedRow>(
    `SELECT name, arn, created_at AS createdAt, facts FROM ${table}
      WHERE account_id = ? AND region = ? AND name > ? AND (? = 0 OR name IN (SELECT value FROM json_each(?)))
      ORDER BY name LIMIT ?`,
    [accountId, region, pageStart(input), names.length, JSON.stringify(names), size + 1],
  );
  const page = rows.slice(0, size);
  return { rows: page, nextToken: rows.length > size ? pageToken(page.at(-1)!.name) : undefined };
}

const defaultPage = 50;
const maxPage = 100;

/** MaxRecords is "the maximum number of items to return", says the API's model: there may be fewer. */
function pageSize(
  { MaxRecords: size = defaultPage }: PageInput,
  { conditions }: Pick<AutoScalingContext, 'conditions'>,
): number {
  if (size >= 1 && size <= maxPage) return conditions.pageSize(size, 1);
  throw new ServiceError(400, 'ValidationError', `MaxRecords must be between 1 and ${maxPage}`);
}

/** The name that the page before ended with. */
function pageStart({ NextToken: token = '' }: PageInput): string {
  const start = Buffer.from(token, 'base64url').toString();
  if (pageToken(start) !== token)
    throw new ServiceError(400, 'InvalidNextToken', 'The NextToken is not valid.');
  return start;
}

function pageToken(name: string): string {
  return Buffer.from(name).toString('base64url');
}
