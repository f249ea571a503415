import { z } from 'zod';
import { didYouMean } from '../suggest.ts';
import { expected, type Kind, single } from './kind.ts';

/** A number is text here: `suffix: 20261122` needs no quotes. */
const textType = ['string', 'number'];

/** Any text; where `empty` says so, none too. */
export function text({
  metavar = 'TEXT',
  max,
  empty = false,
}: {
  readonly metavar?: string;
  readonly max?: number;
  readonly empty?: boolean;
} = {}): Kind<string> {
  const some = z.string(expected('text')).min(empty ? 0 : 1, 'expected some text');
  return single({
    metavar,
    schema: max === undefined ? some : some.max(max, `expected at most ${max} characters`),
    jsonSchema: {
      type: textType,
      ...(!empty && { minLength: 1 }),
      ...(max !== undefined && { maxLength: max }),
    },
  });
}

/** Text of one shape. */
export function shaped(
  metavar: string,
  shape: RegExp,
  what: string,
  { completes }: Pick<Kind<string>, 'completes'> = {},
): Kind<string> {
  return single({
    metavar,
    completes,
    schema: z.string(expected(what)).regex(shape, expected(what)),
    jsonSchema: { type: textType, pattern: shape.source },
  });
}

export const region = shaped('REGION', /^[a-z]{2,4}(-[a-z0-9]+)+$/, 'a region such as us-east-1', {
  completes: 'region',
});

/** S3's naming rules, and what older buckets of us-east-1 may have. */
export const bucketName = shaped('BUCKET', /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, 'a bucket name');

export const accountId = shaped('ACCOUNT', /^\d{12}$/, 'an account id of 12 digits');

export const amiId = shaped('AMI', /^ami-[0-9a-f]{8,17}$/, 'an AMI id such as ami-0123456789abcdef0');

export const amiOrSnapshotId = shaped(
  'AMI|SNAP',
  /^(ami|snap)-[0-9a-f]{8,17}$/,
  'an id such as ami-0123456789abcdef0 or snap-0123456789abcdef0',
);

/** In any partition: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const roleArn = shaped(
  'ARN',
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[!-~]{1,2000}$/,
  'the ARN of a role such as arn:aws:iam::123456789012:role/Importer',
);

export const roleSessionName = shaped(
  'NAME',
  /^[\w+=,.@-]{2,64}$/,
  'a name of 2 to 64 characters: letters, digits and _+=,.@-',
);

export const externalId = shaped(
  'ID',
  /^[\w+=,.@:/-]{2,1224}$/,
  'an external id of 2 to 1224 characters: letters, digits and _+=,.@:/-',
);

/** A digest in hexadecimal digits, of either case. */
export function hexDigest(digits: number): Kind<string> {
  return shaped('HEX', new RegExp(`^[0-9a-fA-F]{${digits}}$`), `${digits} hexadecimal digits`);
}

/** A tag to look for, with any value or with one. */
export const tagPattern: Kind<{ readonly key: string; readonly value?: string }> = single({
  metavar: 'KEY[=VALUE]',
  schema: z
    .string(expected('KEY or KEY=VALUE'))
    .regex(/^[^=]/, expected('KEY or KEY=VALUE'))
    .transform((pattern) => {
      const at = pattern.indexOf('=');
      return at < 0 ? { key: pattern } : { key: pattern.slice(0, at), value: pattern.slice(at + 1) };
    }),
  jsonSchema: { type: 'string', pattern: '^[^=]' },
});

/** One of a few words, or another word for one of them. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
  {
    metavar,
    aliases = {},
  }: { readonly metavar?: string; readonly aliases?: Readonly<Record<string, T[number]>> } = {},
): Kind<T[number]> {
  const accepted = [...values, ...Object.keys(aliases)];
  const list = `${values.slice(0, -1).join(', ')}${values.length > 1 ? ' or ' : ''}${values.at(-1)}`;
  return single({
    metavar: metavar ?? values.join('|'),
    values,
    schema: z
      .enum(accepted as [string, ...string[]], {
        error: ({ input }) =>
          `${expected(list).error({ input })}${typeof input === 'string' ? didYouMean(input, accepted) : ''}`,
      })
      .transform((word) => (Object.hasOwn(aliases, word) ? aliases[word]! : word)) as z.ZodType<T[number]>,
    jsonSchema: { enum: accepted },
  });
}

/** A switch: on the command line it stands alone. */
export const boolean: Kind<boolean> = single({
  isText: false,
  read: (word) => ({ true: true, false: false, '1': true, '0': false })[word.toLowerCase()] ?? word,
  schema: z.boolean(expected('true or false')),
  jsonSchema: { type: 'boolean' },
});
