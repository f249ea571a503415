import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { parse, type ScalarTag, type Tags } from 'yaml';

type SpecDatabase = Awaited<ReturnType<typeof loadAwsServiceSpec>>;
type Value = unknown;
type Fields = Readonly<Record<string, Value>>;
type Resource = { readonly Type: string; readonly Properties?: Fields };
export interface Template {
  readonly Parameters: Readonly<Record<string, Fields>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, Fields>>;
}

/** What a function of a template stands for; nobody knows it before the stack is made. */
export class Intrinsic {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }
}

const scalar = (tag: string, names: (text: string) => readonly string[]): ScalarTag => ({
  tag,
  resolve: (text) => new Intrinsic(names(text)),
});

const customTags: Tags = [
  scalar('!Ref', (name) => [name]),
  scalar('!GetAtt', (path) => [path.split('.')[0]!]),
  scalar('!Sub', (text) => [...text.matchAll(/\$\{([\w:]+)\}/g)].map(([, name]) => name!)),
];

export function parseTemplate(text: string): Template {
  return parse(text, { customTags });
}

/** What CloudFormation would not take: unknown types, properties and names, and values that are missing or of another type. */
export async function problemsOf(template: Template): Promise<string[]> {
  const database = await loadAwsServiceSpec();
  const known = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)]);
  const unknownNames = namesIn(template).filter((name) => !known.has(name) && !name.startsWith('AWS::'));
  return [
    ...unknownNames.map((name) => `${name} is not defined`),
    ...Object.entries(template.Resources).flatMap(([name, { Type, Properties = {} }]) => {
      const [spec] = database.lookup('resource', 'cloudFormationType', 'equals', Type);
      if (!spec) return [`${name}: no type ${Type}`];
      return problemsOfFields(Properties, { properties: spec.properties, path: name, database });
    }),
  ];
}

type PropertyType = {
  readonly type: string;
  readonly reference?: unknown;
  readonly element?: PropertyType;
  readonly types?: readonly PropertyType[];
};
type Properties = Readonly<Record<string, { readonly type: PropertyType; readonly required?: boolean }>>;

function problemsOfFields(
  fields: Fields,
  {
    properties,
    path,
    database,
  }: { readonly properties: unknown; readonly path: string; readonly database: SpecDatabase },
): string[] {
  const expected = properties as Properties;
  const missing = Object.keys(expected).filter((key) => expected[key]!.required && !(key in fields));
  return [
    ...missing.map((key) => `${path}: ${key} is missing`),
    ...Object.entries(fields).flatMap(([key, value]) => {
      const property = expected[key];
      if (!property) return [`${path}: no property ${key}`];
      return problemsOfValue(value, { type: property.type, path: `${path}.${key}`, database });
    }),
  ];
}

function problemsOfValue(
  value: Value,
  at: { readonly type: PropertyType; readonly path: string; readonly database: SpecDatabase },
): string[] {
  const { type, path, database } = at;
  if (value instanceof Intrinsic) return [];
  if (type.type === 'union') {
    const all = type.types!.map((one) => problemsOfValue(value, { ...at, type: one }));
    return all.find((problems) => problems.length === 0) ?? all[0]!;
  }
  if (type.type === 'array') {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, n) =>
      problemsOfValue(item, { ...at, type: type.element!, path: `${path}[${n}]` }),
    );
  }
  if (type.type === 'ref') {
    if (typeof value !== 'object' || value === null) return [`${path}: not a mapping`];
    const definition = database.get('typeDefinition', type.reference as never);
    return problemsOfFields(value as Fields, { properties: definition.properties, path, database });
  }
  const types: Readonly<Record<string, string>> = {
    integer: 'number',
    number: 'number',
    boolean: 'boolean',
    string: 'string',
  };
  const wanted = types[type.type];
  return wanted !== undefined && typeof value !== wanted ? [`${path}: not a ${type.type}`] : [];
}

function namesIn(value: Value): string[] {
  if (value instanceof Intrinsic) return [...value.names];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : [];
}
