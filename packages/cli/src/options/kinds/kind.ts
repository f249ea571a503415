import { redactValue } from '@ec2-image/redact';
import { z } from 'zod';

/** The part of JSON Schema 2020-12 that the option table needs. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What kind of value an option takes: how it is read, checked, named in help and described to other programs. */
export interface Kind<V> {
  /** In help: `URL`. Undefined for a switch, which takes no value. */
  readonly metavar?: string;
  /** Checks a value as YAML has it, or as `fromText` gives it. Messages say what was expected. */
  readonly schema: z.ZodType<V>;
  /** What the words of a command line or a variable stand for, still unchecked. Several for a kind that repeats. */
  fromText(texts: readonly string[]): unknown;
  readonly repeats: boolean;
  /** A variable's value, taken apart where it holds several. */
  split(variable: string): string[];
  readonly jsonSchema: JsonSchema;
  /** YAML's own reading as number, date or boolean is put aside: an account id keeps its zeros. */
  readonly isText: boolean;
  /** All values there are, where they are few. */
  readonly values?: readonly string[];
  /** What a shell offers where there are no such values. */
  readonly completes?: 'file' | 'directory' | 'region';
  /** Of a relative path: the same seen from this directory. Returns the problem where the value cannot be meant so. */
  locate?(value: V, directory: string): { readonly value: V } | { readonly problem: string };
  /** As it is written into a file, without secrets. */
  write?(value: V): unknown;
  /** The kind of an option that may be given several times; of one that may be already, the same. */
  repeated(): Kind<unknown>;
}

/** `expected a region, not "x"`: for every check of a schema alike. */
export function expected(
  what: string,
  { shown = show }: { readonly shown?: (input: unknown) => string } = {},
) {
  return { error: ({ input }: { readonly input?: unknown }) => `expected ${what}, not ${shown(input)}` };
}

/** A value as it was given, without what may be a secret in it: it may have been meant for another option. */
export function show(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'string') return JSON.stringify(redactValue(input));
  return typeof input === 'object' ? 'a mapping' : JSON.stringify(input);
}

type SingleKind<V> = Pick<
  Kind<V>,
  'metavar' | 'schema' | 'jsonSchema' | 'values' | 'completes' | 'locate' | 'write'
> & {
  readonly isText?: boolean;
  readonly read?: (text: string) => unknown;
};

/** A kind of one value: of a flag that was repeated the last one counts. */
export function single<V>({ read = (text) => text, isText = true, ...rest }: SingleKind<V>): Kind<V> {
  const kind: Kind<V> = {
    ...rest,
    isText,
    repeats: false,
    fromText: (texts) => read(texts.at(-1)!),
    split: (variable) => [variable],
    repeated: () => listOf(kind),
  };
  return kind;
}

/** One value or a list of them; always an array once it is read. */
export function listOf<V>(element: Kind<V>): Kind<V[]> {
  const { schema, jsonSchema, locate, write, metavar, isText, values, completes } = element;
  const kind: Kind<V[]> = {
    metavar,
    isText,
    values,
    completes,
    schema: z.preprocess(
      (input) => (Array.isArray(input) ? input : [input]),
      z.array(schema).min(1, expected('at least one')),
    ),
    jsonSchema: { anyOf: [jsonSchema, { type: 'array', items: jsonSchema, minItems: 1 }] },
    repeats: true,
    fromText: (texts) => texts.map((text) => element.fromText([text])),
    split: (variable) =>
      variable
        .split(',')
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    ...(locate && {
      locate(items, directory) {
        const located = items.map((item) => locate(item, directory));
        const wrong = located.find((one) => 'problem' in one);
        return wrong ?? { value: located.map((one) => (one as { value: V }).value) };
      },
    }),
    write: (items) => {
      const written = items.map((item) => write?.(item) ?? item);
      return written.length === 1 ? written[0] : written;
    },
    repeated: () => kind,
  };
  return kind;
}
