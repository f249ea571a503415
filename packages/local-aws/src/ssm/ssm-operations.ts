import type { CallConditions } from '../conditions/conditions.ts';
import { ServiceError } from '../service.ts';
import { type ImageValidation, imageDataType } from './image-validation.ts';
import { parameterFilter, withSlash } from './parameter-filters.ts';
import { checkParameterName, parseSelector } from './parameter-names.ts';
import type {
  NamedParameter,
  NewParameter,
  ParameterStore,
  ParameterType,
  Place,
} from './parameter-store.ts';

export interface SsmContext {
  readonly place: Place;
  readonly parameterStore: ParameterStore;
  readonly images: ImageValidation;
  readonly conditions: Pick<CallConditions, 'pageSize' | 'lag'>;
}

type Input = Readonly<Record<string, unknown>>;

const parameterTypes: readonly string[] = ['String', 'StringList', 'SecureString'] satisfies ParameterType[];
const dataTypes: readonly string[] = ['text', imageDataType, 'aws:ssm:integration'];
const maxPage = 50;
const maxPathPage = 10;
/** Of the standard tier. */
const maxValueLength = 4096;
/** What is read at a time where a filter may leave most of it out. */
const scanRows = 500;
/** What PutParameter takes on AWS and is not kept here. */
const notKept = ['AllowedPattern', 'KeyId', 'Policies', 'Tags'];

export const ssmOperations: Readonly<Record<string, (input: Input, context: SsmContext) => object>> = {
  PutParameter(input, context) {
    const { place, parameterStore, images, conditions } = context;
    const name = text(input, 'Name');
    checkParameterName(name);
    images.decideNow(place, name);
    const present = parameterStore.find(place, name);
    const parameter = newParameter(input, name, present);
    if (present && input.Overwrite !== true) {
      throw new ServiceError(
        400,
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const version =
      parameter.dataType === imageDataType
        ? images.put(place, parameter, conditions.lag ? conditions.lag.reads + 1 : 0)
        : parameterStore.put(place, parameter);
    return { Version: version, Tier: 'Standard' };
  },

  GetParameter(input, context) {
    const given = text(input, 'Name');
    const parameter = look(given, context);
    if (!parameter) throw notFound();
    return { Parameter: withValue(parameter) };
  },

  GetParameters(input, context) {
    const names = [...new Set(input.Names as readonly string[])];
    const found = names.map((name) => [name, lookOr(name, context)] as const);
    return {
      Parameters: found.flatMap(([, parameter]) => (parameter ? withValue(parameter) : [])),
      InvalidParameters: found.flatMap(([name, parameter]) => (parameter ? [] : name)),
    };
  },

  GetParametersByPath(input, context) {
    const path = text(input, 'Path');
    if (!path.startsWith('/')) throw invalid('The parameter path must begin with a forward slash "/".');
    const below = withSlash(path);
    const isBelow = ({ name }: NamedParameter) =>
      name.startsWith(below) && (input.Recursive === true || !name.slice(below.length).includes('/'));
    const matches = parameterFilter(input);
    return page(input, context, {
      isWanted: (parameter) => isBelow(parameter) && matches(parameter),
      most: maxPathPage,
      shown: withValue,
    });
  },

  GetParameterHistory(input, { place, parameterStore, images, conditions }) {
    const name = text(input, 'Name');
    const size = conditions.pageSize(pageLength(input, maxPage), 0);
    const from = Number(startOf(input.NextToken) || 1);
    const [oldest] = parameterStore.history(place, name, { from: 1, limit: 1 });
    const versions = parameterStore.history(place, name, { from, limit: size + 1 });
    if (conditions.lag) images.noteRead(place, oldest?.name ?? name);
    if (!oldest) throw notFound();
    const next = versions[size]?.version;
    return {
      Parameters: versions.slice(0, size).map((version) => ({
        ...described(version),
        Value: version.value,
        Labels: [],
      })),
      ...(next !== undefined && { NextToken: tokenOf(String(next)) }),
    };
  },

  DeleteParameter(input, { place, parameterStore, images }) {
    const name = text(input, 'Name');
    images.decideNow(place, name);
    if (!parameterStore.remove(place, name)) throw notFound();
    return {};
  },

  DescribeParameters(input, context) {
    return page(input, context, { isWanted: parameterFilter(input), most: maxPage, shown: described });
  },
};

/** @throws ServiceError in SSM's words */
function newParameter(input: Input, name: string, present: NamedParameter | undefined): NewParameter {
  const kept = notKept.find((field) => input[field] !== undefined);
  if (kept !== undefined) {
    throw new ServiceError(501, 'UnsupportedFeatureException', `local-aws keeps no ${kept} of a parameter`);
  }
  const type = (input.Type ?? present?.type) as ParameterType | undefined;
  if (type === undefined || !parameterTypes.includes(type)) {
    throw invalid('A parameter type is required when you create a parameter.');
  }
  const dataType = (input.DataType as string | undefined) ?? 'text';
  if (!dataTypes.includes(dataType)) {
    throw invalid(
      `The following data type is not supported: ${dataType} (Data type names are all lowercase.)`,
    );
  }
  if (dataType === imageDataType && type !== 'String') {
    throw invalid(`The data type ${imageDataType} is supported for parameters of the type String only.`);
  }
  const value = text(input, 'Value');
  if (value.length > maxValueLength) {
    throw invalid(
      `Standard tier parameters support a maximum parameter value of ${maxValueLength} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html`,
    );
  }
  return {
    name,
    type,
    value,
    description: (input.Description as string | undefined) ?? null,
    dataType,
  };
}

/** By name, ARN, or one of them with a version: as it is before this read is counted. */
function look(given: string, { place, parameterStore, images, conditions }: SsmContext) {
  const { name, version } = parseSelector(given);
  const present = parameterStore.find(place, name);
  const found =
    version === undefined
      ? present
      : parameterStore
          .history(place, name, { from: version, limit: 1 })
          .find((candidate) => candidate.version === version);
  if (conditions.lag) images.noteRead(place, present?.name ?? name);
  if (present && !found) {
    throw new ServiceError(
      400,
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
    );
  }
  return found && (version === undefined ? found : { ...found, selector: `:${version}` });
}

function lookOr(given: string, context: SsmContext) {
  try {
    return look(given, context);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ParameterVersionNotFound') return undefined;
    throw error;
  }
}

/**
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html: a page "can be between zero
 * and the value of MaxResults".
 */
function page(
  input: Input,
  { place, parameterStore, images, conditions }: SsmContext,
  {
    isWanted,
    most,
    shown,
  }: {
    readonly isWanted: (parameter: NamedParameter) => boolean;
    readonly most: number;
    readonly shown: (parameter: NamedParameter) => object;
  },
): object {
  const size = conditions.pageSize(pageLength(input, most), 0);
  const found: NamedParameter[] = [];
  let after = startOf(input.NextToken);
  for (;;) {
    const rows = parameterStore.list(place, { after, limit: scanRows });
    for (const row of rows) {
      if (!isWanted(row)) continue;
      if (found.length === size) {
        const last = found.at(-1)?.name ?? startOf(input.NextToken);
        return { Parameters: found.map(shown), NextToken: tokenOf(last) };
      }
      found.push(row);
    }
    if (rows.length < scanRows) break;
    after = rows.at(-1)!.name;
  }
  if (conditions.lag) images.noteRead(place);
  return { Parameters: found.map(shown) };
}

function pageLength(input: Input, most: number): number {
  const asked = (input.MaxResults as number | undefined) ?? most;
  if (Number.isInteger(asked) && asked >= 1 && asked <= most) return asked;
  throw invalid(`MaxResults must be between 1 and ${most}`);
}

function tokenOf(position: string): string {
  return Buffer.from(`1${position}`).toString('base64url');
}

function startOf(token: unknown): string {
  return token === undefined ? '' : Buffer.from(String(token), 'base64url').toString().slice(1);
}

function withValue(parameter: NamedParameter & { readonly selector?: string }): object {
  const { name, type, value, version, modifiedAt, arn, dataType, selector } = parameter;
  return {
    Name: name,
    Type: type,
    Value: value,
    Version: version,
    ...(selector !== undefined && { Selector: selector }),
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
