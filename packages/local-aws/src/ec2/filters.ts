import { list, required, string, structure } from '../query/shape.ts';
import { ec2Error, invalidParameterValue } from './errors.ts';
import type { Narrowing, Resource } from './resources.ts';

export interface Filter {
  readonly Name: string;
  readonly Value: readonly string[];
}

/** `Filter.1.Name=…&Filter.1.Value.1=…` */
export const filterList = list(structure({ Name: required(string), Value: list(string) }));

/** What a resource has under each filter's name; several where it has several (a device mapping's snapshots). */
export type FilterableFields<R> = Readonly<
  Record<
    string,
    (resource: R) => string | number | boolean | undefined | readonly (string | number | boolean)[]
  >
>;

/** How the database finds the resources for the values of a filter, wildcards and all, so that not every row need be read. */
export type NarrowingFields = Readonly<
  Record<string, (patterns: readonly string[]) => Narrowing | undefined>
>;

export interface CompiledFilters<R> {
  matches(resource: R): boolean;
  readonly narrowings: readonly Narrowing[];
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const maxFilterValues = 200;

/**
 * Filters are joined by AND, the values of one by OR. Values are case-sensitive; `*` and `?` are wildcards, a
 * backslash takes their meaning away. Every type can be filtered by `tag:<key>` and `tag-key` too.
 *
 * @throws ServiceError for a filter that `fields` does not name
 */
export function compileFilters<R extends Pick<Resource<unknown>, 'tags'>>(
  filters: readonly Filter[],
  fields: FilterableFields<R>,
  narrowingFields: NarrowingFields = {},
): CompiledFilters<R> {
  const narrowings: Narrowing[] = [];
  const tests = filters.map(({ Name: name, Value: values }) => {
    if (values.length > maxFilterValues) {
      throw ec2Error(
        'FilterLimitExceeded',
        `The maximum number of filter values specified on a single call is ${maxFilterValues}`,
      );
    }
    if (values.length === 0) throw invalidParameterValue(`The filter '${name}' must have at least one value`);
    const valuesOf = valuesByName(name, fields);
    const narrow = name.startsWith('tag:') ? narrowToTag(name.slice(4)) : narrowingFields[name];
    const narrowing = narrow?.(values);
    if (narrowing) narrowings.push(narrowing);
    const matchers = values.map(matcher);
    return (resource: R) => valuesOf(resource).some((value) => matchers.some((matches) => matches(value)));
  });
  return { matches: (resource) => tests.every((test) => test(resource)), narrowings };
}

function valuesByName<R extends Pick<Resource<unknown>, 'tags'>>(
  name: string,
  fields: FilterableFields<R>,
): (resource: R) => string[] {
  if (name.startsWith('tag:')) {
    const key = name.slice(4);
    return ({ tags }) => tags.flatMap((tag) => (tag.key === key ? [tag.value] : []));
  }
  if (name === 'tag-key') return ({ tags }) => tags.map(({ key }) => key);
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field) throw invalidParameterValue(`The filter '${name}' is invalid`);
  return (resource) => {
    const value = field(resource);
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
  };
}

function narrowToTag(key: string): NarrowingFields[string] {
  return literalNarrowing((values) => ({
    sql: `id IN (SELECT resource_id FROM ec2_tag WHERE key = ? AND value IN ${values.sql})`,
    parameters: [key, ...values.parameters],
  }));
}

/** For values without wildcards alone; they are given as a list in SQL. */
export function literalNarrowing(narrow: (values: Narrowing) => Narrowing): NarrowingFields[string] {
  return (patterns) =>
    patterns.some(hasWildcard)
      ? undefined
      : narrow({
          sql: '(SELECT value FROM json_each(?))',
          parameters: [JSON.stringify(patterns.map(withoutEscapes))],
        });
}

/** The filter's values are the column's. */
export function columnNarrowing(column: string): NarrowingFields[string] {
  const literal = literalNarrowing(({ sql, parameters }) => ({ sql: `${column} IN ${sql}`, parameters }));
  return (patterns) =>
    literal(patterns) ?? {
      sql: `(${patterns.map(() => `${column} GLOB ?`).join(' OR ')})`,
      parameters: patterns.map(globOf),
    };
}

/** SQLite's GLOB has the same wildcards, and brackets for one of several characters: so it escapes. */
function globOf(pattern: string): string {
  return pattern.replace(/\\.|[\s\S]/g, (step) => {
    if (step === '*' || step === '?') return step;
    const literal = step.length === 2 ? step[1]! : step;
    return /[[*?]/.test(literal) ? `[${literal}]` : literal;
  });
}

function hasWildcard(value: string): boolean {
  return /^(?:[^\\*?]|\\.)*[*?]/s.test(value);
}

function withoutEscapes(value: string): string {
  return value.replace(/\\(.)/gs, '$1');
}

export function matcher(pattern: string): (value: string) => boolean {
  if (!hasWildcard(pattern)) {
    const literal = withoutEscapes(pattern);
    return (value) => value === literal;
  }
  const expression = new RegExp(`^${pattern.replace(/\\.|[\s\S]/g, wildcardStep)}$`, 's');
  return (value) => expression.test(value);
}

function wildcardStep(step: string): string {
  if (step === '*') return '.*';
  if (step === '?') return '.';
  return (step.length === 2 ? step[1]! : step).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
