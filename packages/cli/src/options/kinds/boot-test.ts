import { z } from 'zod';
import { expected, type Kind, single } from './kind.ts';
import { structured } from './maps.ts';
import { duration } from './numbers.ts';
import { shaped } from './text.ts';

/** A regular expression of JavaScript, in which `^` and `$` match at every line; kept as text. */
export const pattern: Kind<string> = single({
  metavar: 'PATTERN',
  schema: z
    .string(expected('a regular expression'))
    .min(1, 'expected a regular expression')
    .superRefine((text, context) => {
      try {
        readPattern(text);
      } catch (error) {
        context.addIssue((error as Error).message);
      }
    }),
  jsonSchema: { type: 'string', minLength: 1, format: 'regex' },
});

export function readPattern(text: string): RegExp {
  return new RegExp(text, 'm');
}

export const instanceType = shaped(
  'TYPE',
  /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  'an instance type such as t3.micro',
);

export const subnetId = shaped(
  'ID',
  /^subnet-[0-9a-f]{8,17}$/,
  'a subnet id such as subnet-0123456789abcdef0',
);

const timeout = duration();

const settings = z.strictObject(
  {
    'instance-type': instanceType.schema.optional(),
    expect: pattern.schema.optional(),
    /** Seconds. */
    timeout: timeout.schema.optional(),
    subnet: subnetId.schema.optional(),
    'public-address': z.boolean(expected('true or false')).optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys[0]} of boot-test`
        : expected('true, false, or a mapping such as instance-type: t3.micro').error(issue),
  },
);

/** Whether the AMI is tested, and how; `true`: as by default. */
export type BootTestSetting = boolean | z.output<typeof settings>;

export const bootTest: Kind<BootTestSetting> = structured({
  // Not a union: its message would say no more than that nothing fits.
  schema: z.unknown().transform((input, context): BootTestSetting => {
    if (typeof input === 'boolean') return input;
    const checked = settings.safeParse(input);
    if (checked.success) return checked.data;
    for (const { message, path } of checked.error.issues)
      context.addIssue({ code: 'custom', message: [...path, message].join(': '), input });
    return z.NEVER;
  }),
  jsonSchema: {
    anyOf: [
      { type: 'boolean' },
      {
        type: 'object',
        additionalProperties: false,
        properties: {
          'instance-type': instanceType.jsonSchema,
          expect: pattern.jsonSchema,
          timeout: timeout.jsonSchema,
          subnet: subnetId.jsonSchema,
          'public-address': { type: 'boolean' },
        },
      },
    ],
  },
});
