import { z } from 'zod';
import { expected, type JsonSchema, type Kind, single } from './kind.ts';

/** Text by name: a mapping in a file, `KEY=VALUE` as often as needed on the command line. */
export function mapOf({
  key,
  value,
}: {
  readonly key: z.ZodType<string>;
  readonly value: z.ZodType<string>;
}): Kind<Record<string, string>> {
  const kind: Kind<Record<string, string>> = {
    metavar: 'KEY=VALUE',
    isText: true,
    schema: z.record(key as z.ZodString, value, expected('a mapping, or KEY=VALUE')),
    jsonSchema: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    repeats: true,
    fromText: (texts) => {
      const bare = texts.find((text) => text.indexOf('=') < 1);
      return bare ?? Object.fromEntries(texts.map((text) => keyAndValue(text)));
    },
    split: (variable) => variable.split(',').map((text) => text.trim()),
    repeated: () => {
      throw new TypeError('a mapping repeats already');
    },
  };
  return kind;
}

function keyAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** EC2's limits for tags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
export const tags = mapOf({
  key: z
    .string()
    .min(1, 'a tag key is not empty')
    .max(127, 'a tag key has 127 characters at most')
    .refine((key) => !/^aws:/i.test(key), 'a tag key cannot begin with aws:'),
  value: z.string(expected('text')).max(256, 'a tag value has 256 characters at most'),
});

/** A value with parts of its own: YAML in a file, JSON on the command line. */
export function structured<V>({
  schema,
  jsonSchema,
}: {
  readonly schema: z.ZodType<V>;
  readonly jsonSchema: JsonSchema;
}): Kind<V> {
  return single({
    metavar: 'JSON',
    isText: false,
    schema,
    jsonSchema,
    read(text) {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    },
  });
}
