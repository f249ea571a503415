import { z } from 'zod';
import { expected, type Kind, single } from './kind.ts';
import { duration, integer } from './numbers.ts';

const [count, time] = [integer({ min: 1, max: 999_999 }), duration()];

const parts = z.strictObject(
  {
    count: z
      .preprocess((input) => (typeof input === 'string' ? count.fromText([input]) : input), count.schema)
      .optional(),
    age: time.schema.optional(),
    grace: time.schema.optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys[0]} of retain; there are count, age and grace`
        : expected('a mapping with count, age and grace').error(issue),
  },
);

const retentionSchema = parts.refine(({ count, age }) => count !== undefined || age !== undefined, {
  error: 'retain needs count or age',
});

/** How much of a stream stays; times in seconds. */
export type RetentionSetting = z.output<typeof retentionSchema>;

/** A mapping in a file, JSON on the command line. */
export const retention: Kind<RetentionSetting> = single({
  metavar: 'JSON',
  isText: false,
  schema: z.preprocess(jsonOr, retentionSchema),
  jsonSchema: {
    type: 'object',
    additionalProperties: false,
    properties: { count: count.jsonSchema, age: time.jsonSchema, grace: time.jsonSchema },
    anyOf: [{ required: ['count'] }, { required: ['age'] }],
  },
});

function jsonOr(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
