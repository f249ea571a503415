import type { CallConditions } from '../conditions/conditions.ts';
import { ServiceError } from '../service.ts';
import type { NamedParameter, ParameterStore, ParameterType, Place } from './parameter-store.ts';

interface SsmContext {
  readonly place: Place;
  readonly parameterStore: ParameterStore;
  readonly conditions: Pick<CallConditions, 'pageSize'>;
}

type Input = Readonly<Record<string, unknown>>;

const parameterTypes: readonly string[] = ['String', 'StringList', 'SecureString'] satisfies ParameterType[];
const maxPage = 50;
/** What is read at a time where a filter may leave most of it out. */
const scanRows = 500;

export const ssmOperations: Readonly<Record<string, (input: Input, context: SsmContext) => object>> = {
  PutParameter(input, { place, parameterStore }) {
    const name = text(input, 'Name');
    const present = parameterStore.find(place, name);
    const type = (input.Type ?? present?.type) as ParameterType | undefined;
    if (type === undefined || !parameterTypes.includes(type)) {
      throw invalid('A parameter type is required when you create a parameter.');
    }
    if (present && input.Overwrite !== true) {
      throw new ServiceError(
        400,
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const version = parameterStore.put(place, {
      name,
      type,
      value: text(input, 'Value'),
      description: (input.Description as string | undefined) ?? null,
      dataType: (input.DataType as string | undefined) ?? 'text',
    });
    return { Version: version, Tier: 'Standard' };
  },

  GetParameter(input, { place, parameterStore }) {
    const parameter = parameterStore.find(place, text(input, 'Name'));
    if (!parameter) throw notFound();
    return { Parameter: withValue(parameter) };
  },

  GetParameters(input, { place, parameterStore }) {
    const names = input.Names as readonly string[];
    const found = names.map((name) => [name, parameterStore.find(place, name)] as const);
    return {
      Parameters: found.flatMap(([, parameter]) => (parameter ? withValue(parameter) : [])),
      InvalidParameters: found.flatMap(([name, parameter]) => (parameter ? [] : name)),
    };
  },

  DeleteParameter(input, { place, parameterStore }) {
    if (!parameterStore.remove(place, text(input, 'Name'))) throw notFound();
    return {};
  },

  DescribeParameters(input, { place, parameterStore, conditions }) {
    const asked = (input.MaxResults as number | undefined) ?? maxPage;
    if (!Number.isInteger(asked) || asked < 1 || asked > maxPage) {
      throw invalid(`MaxResults must be between 1 and ${maxPage}`);
    }
    // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html: a page "can be
    // between zero and the value of MaxResults".
    const size = conditions.pageSize(asked, 0);
    const matches = parameterFilter(input);
    const page: NamedParameter[] = [];
    let after = startOf(input.NextToken);
    for (;;) {
      const rows = parameterStore.list(place, { after, limit: scanRows });
      for (const row of rows) {
        if (!matches(row)) continue;
        if (page.length === size) {
          const last = page.at(-1)?.name ?? startOf(input.NextToken);
          return { Parameters: page.map(described), NextToken: tokenOf(last) };
        }
        page.push(row);
      }
      if (rows.length < scanRows) return { Parameters: page.map(described) };
      after = rows.at(-1)!.name;
    }
  },
};

function tokenOf(name: string): string {
  return Buffer.from(`1${name}`).toString('base64url');
}

function startOf(token: unknown): string {
  return token === undefined ? '' : Buffer.from(String(token), 'base64url').toString().slice(1);
}

interface ParameterFilter {
  readonly Key: string;
  readonly Option?: string;
  readonly Values?: readonly string[];
}

/** Filters are joined by AND, the values of one by OR. `Path` stands for all that lies below it, or right below it. */
function parameterFilter({
  ParameterFilters = [],
  Filters = [],
}: Input): (parameter: NamedParameter) => boolean {
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

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function withValue({ name, type, value, version, modifiedAt, arn, dataType }: NamedParameter): object {
  return {
    Name: name,
    Type: type,
    Value: value,
    Version: version,
    LastModifiedDate: modifiedAt / 1000,
    ARN: arn,
    DataType: dataType,
  };
}

function described({ name, type, version, modifiedAt, arn, dataType, description }: NamedParameter): object {
  return {
    Name: name,
    ARN: arn,
    Type: type,
    LastModifiedDate: modifiedAt / 1000,
    ...(description !== null && { Description: description }),
    Version: version,
    Tier: 'Standard',
    Policies: [],
    DataType: dataType,
  };
}

function text(input: Input, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') {
    throw invalid(
      `1 validation error detected: Value at '${name[0]!.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, 'ValidationException', message);
}

function notFound(): ServiceError {
  return new ServiceError(400, 'ParameterNotFound', '');
}
