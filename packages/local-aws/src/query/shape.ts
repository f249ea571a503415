import { ServiceError } from '../service.ts';
import type { Parameter } from './parameters.ts';

/**
 * What a request may hold, declared once: reading by a shape gives typed input, and refuses what the shape does not
 * name, so that a parameter this emulator does not implement fails loudly instead of being passed over.
 */
export interface Shape<T> {
  /** @throws ServiceError in EC2's words */
  read(parameter: Parameter | undefined, path: string): T;
  /** Of a structure: what it may hold. */
  readonly fields?: Fields;
  /** Of a list: what each of its items is. */
  readonly item?: Shape<unknown>;
}

export type Read<S> = S extends Shape<infer T> ? T : never;

const maxListItems = 10_000;

function scalar<T>(parse: (value: string, path: string) => T): Shape<T | undefined> {
  return {
    read(parameter, path) {
      if (!parameter) return undefined;
      for (const step of parameter.children.keys()) throw unknownParameter(`${path}.${step}`);
      return parse(parameter.value ?? '', path);
    },
  };
}

export const string = scalar((value) => value);

export const boolean = scalar((value, path) => {
  const lower = value.toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw invalidValue(value, path, 'Expected true or false');
  return lower === 'true';
});

export const integer = scalar((value, path) => {
  const number = Number(value);
  if (value.trim() === '' || !Number.isSafeInteger(number)) {
    throw invalidValue(value, path, 'Expected an integer');
  }
  return number;
});

export const double = scalar((value, path) => {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw invalidValue(value, path, 'Expected a number');
  return number;
});

export const timestamp = scalar((value, path) => {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw invalidValue(value, path, 'Expected an ISO 8601 timestamp');
  return date;
});

/** EC2's lists are flat: `Owner.1=…&Owner.2=…`. Their order is that of the numbers, gaps allowed. */
export function list<T>(item: Shape<T>): Shape<NonNullable<T>[]> {
  return {
    item,
    read(parameter, path) {
      const entries = [...(parameter?.children ?? [])].map(
        ([step, child]) => [Number(step), step, child] as const,
      );
      if (entries.length > maxListItems) throw invalidValue(String(entries.length), path, 'Too many items');
      for (const [index, step] of entries) {
        if (!Number.isSafeInteger(index) || index < 0) throw unknownParameter(`${path}.${step}`);
      }
      return entries
        .sort(([a], [b]) => a - b)
        .flatMap(([, step, child]) => item.read(child, `${path}.${step}`) ?? []);
    },
  };
}

/** The lists of the plain Query protocol (STS, IAM, Auto Scaling) have a level more: `Names.member.1`. */
export function memberList<T>(item: Shape<T>): Shape<NonNullable<T>[]> {
  const flat = list(item);
  return {
    item,
    read(parameter, path) {
      for (const step of parameter?.children.keys() ?? []) {
        if (step !== 'member') throw unknownParameter(`${path}.${step}`);
      }
      return flat.read(parameter?.children.get('member'), `${path}.member`);
    },
  };
}

export type Fields = Readonly<Record<string, Shape<unknown>>>;
export type Structure<F extends Fields> = { readonly [K in keyof F]: Read<F[K]> };

export function structure<F extends Fields>(fields: F): Shape<Structure<F> | undefined> {
  return {
    fields,
    read: (parameter, path) => (parameter ? readFields(fields, parameter, path) : undefined),
  };
}

export function readFields<F extends Fields>(fields: F, parameter: Parameter, path = ''): Structure<F> {
  const prefix = path === '' ? '' : `${path}.`;
  for (const step of parameter.children.keys()) {
    if (!Object.hasOwn(fields, step)) throw unknownParameter(`${prefix}${step}`);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, shape]) => [
      name,
      shape.read(parameter.children.get(name), `${prefix}${name}`),
    ]),
  ) as Structure<F>;
}

export function required<T>(shape: Shape<T>): Shape<NonNullable<T>> {
  return {
    ...shape,
    read(parameter, path) {
      const value = shape.read(parameter, path);
      if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
        throw missingParameter(path);
      }
      return value;
    },
  };
}

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V | undefined> {
  return scalar((value, path) => {
    if (!(values as readonly string[]).includes(value)) {
      throw invalidValue(value, path, `Expected one of ${values.join(', ')}`);
    }
    return value as V;
  });
}

export function missingParameter(name: string): ServiceError {
  return new ServiceError(400, 'MissingParameter', `The request must contain the parameter ${name}`);
}

function unknownParameter(name: string): ServiceError {
  return new ServiceError(400, 'UnknownParameter', `The parameter ${name} is not recognized`);
}

function invalidValue(value: string, name: string, expectation: string): ServiceError {
  return new ServiceError(
    400,
    'InvalidParameterValue',
    `Invalid value '${value}' for ${name}. ${expectation}`,
  );
}
