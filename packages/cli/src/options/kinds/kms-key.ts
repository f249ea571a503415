import { z } from 'zod';
import { expected, type Kind, single } from './kind.ts';

/** One key for every region, or one by region. Each is a key's ARN, its id, an alias, or an alias's ARN. */
export type KmsKeySetting = string | Readonly<Record<string, string>>;

const keyId = '(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const alias = 'alias/[A-Za-z0-9/_-]{1,250}';
const region = '[a-z]{2,4}(?:-[a-z0-9]+)+';
/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id */
const shape = new RegExp(
  `^(?:${keyId}|${alias}|arn:aws[a-z-]*:kms:${region}:\\d{12}:(?:key/${keyId}|${alias}))$`,
);

const what = expected('a KMS key: its ARN, id or alias');
const key = z.string(what).regex(shape, what);

export const kmsKey: Kind<KmsKeySetting> = single({
  metavar: 'KEY',
  isText: false,
  // Not a union: its message would say no more than that nothing fits.
  schema: z.unknown().transform((input, context): KmsKeySetting => {
    const isMap = typeof input === 'object' && input !== null && !Array.isArray(input);
    const checked = (isMap ? byRegion : key).safeParse(input);
    if (checked.success) return checked.data;
    for (const { message } of checked.error.issues) context.addIssue(message);
    return z.NEVER;
  }),
  jsonSchema: {
    anyOf: [
      { type: 'string', pattern: shape.source },
      {
        type: 'object',
        propertyNames: { pattern: `^${region}$` },
        additionalProperties: { type: 'string', pattern: shape.source },
        minProperties: 1,
      },
    ],
  },
  read(text) {
    if (!text.trimStart().startsWith('{')) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  },
});

const byRegion = z
  .record(z.string().regex(new RegExp(`^${region}$`), 'expected regions such as us-east-1 as keys'), key)
  .refine((map) => Object.keys(map).length > 0, 'expected at least one region');
