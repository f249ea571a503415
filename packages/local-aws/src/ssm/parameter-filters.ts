import { ServiceError } from '../service.ts';
import type { NamedParameter } from './parameter-store.ts';

interface ParameterFilter {
  readonly Key: string;
  readonly Option?: string;
  readonly Values?: readonly string[];
}

/** Filters are joined by AND, the values of one by OR. `Path` stands for all that lies below it, or right below it. */
export function parameterFilter({
  ParameterFilters = [],
  Filters = [],
}: Readonly<Record<string, unknown>>): (parameter: NamedParameter) => boolean {
  const tests = [...(ParameterFilters as ParameterFilter[]), ...(Filters as ParameterFilter[])].map(
    ({ Key: key, Option: option, Values: values = [] }) =>
      (parameter: NamedParameter) =>
        values.some((value) => matches(parameter, { key, option, value })),
  );
  return (parameter) => tests.every((test) => test(parameter));
}

function matches(
  { name, type, dataType }: NamedParameter,
  { key, option, value }: { key: string; option?: string; value: string },
): boolean {
  switch (`${key} ${option ?? 'Equals'}`) {
    case 'Name Equals':
      return name === value;
    case 'Name BeginsWith':
      return name.startsWith(value);
    case 'Name Contains':
      return name.includes(value);
    case 'Type Equals':
      return type === value;
    case 'DataType Equals':
      return dataType === value;
    case 'Tier Equals':
      return value === 'Standard';
    case 'Path Recursive':
      return name.startsWith(withSlash(value));
    case 'Path OneLevel':
    case 'Path Equals':
      return name.startsWith(withSlash(value)) && !name.slice(withSlash(value).length).includes('/');
    default:
      throw new ServiceError(
        400,
        'InvalidFilterKey',
        `local-aws cannot filter by ${key} ${option ?? 'Equals'}`,
      );
  }
}

export function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
