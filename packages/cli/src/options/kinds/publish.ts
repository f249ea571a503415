import { amiNamePlaceholders, placeholdersOf } from '@ec2-image/provenance';
import { redactValue } from '@ec2-image/redact';
import { z } from 'zod';
import { parseSeconds } from '../quantities.ts';
import { didYouMean } from '../suggest.ts';
import { expected, type Kind, show, single } from './kind.ts';
import { shaped } from './text.ts';

/** A region, or all that the account has enabled. */
export const regionOrAll = shaped(
  'REGION',
  /^(?:all|[a-z]{2,4}(?:-[a-z0-9]+)+)$/,
  'a region such as us-east-1, or all',
  { completes: 'region' },
);

/** https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html */
const organizationArn = /^arn:aws[a-z-]*:organizations::\d{12}:organization\/o-[a-z0-9]{10,32}$/;
const unitArn =
  /^arn:aws[a-z-]*:organizations::\d{12}:ou\/o-[a-z0-9]{10,32}\/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$/;

const shareParts = {
  accounts: { shape: /^\d{12}$/, what: 'an account id of 12 digits' },
  organizations: {
    shape: organizationArn,
    what: 'the ARN of an organization (arn:aws:organizations::…:organization/o-…)',
  },
  'organizational-units': {
    shape: unitArn,
    what: 'the ARN of an organizational unit (arn:aws:organizations::…:ou/o-…/ou-…)',
  },
} as const;

const listOfShape = ({ shape, what }: { readonly shape: RegExp; readonly what: string }) =>
  z
    .array(
      z.preprocess(
        (input) => (typeof input === 'number' ? String(input) : input),
        z.string(expected(what)).regex(shape, expected(what)),
      ),
      expected(`a list, each ${what}`),
    )
    .optional();

const wordOrBoolean = (input: unknown) => (input === 'true' || input === 'false' ? input === 'true' : input);

const shareSchema = z.strictObject(
  {
    accounts: listOfShape(shareParts.accounts),
    organizations: listOfShape(shareParts.organizations),
    'organizational-units': listOfShape(shareParts['organizational-units']),
    public: z.preprocess(wordOrBoolean, z.boolean(expected('true or false'))).optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys[0]} of share; there are accounts, organizations, organizational-units and public`
        : expected('a mapping with accounts, organizations, organizational-units or public').error(issue),
  },
);

export type ShareSetting = z.output<typeof shareSchema>;

/** Text in a file, so that an account id keeps its zeros; JSON on the command line. */
export const share: Kind<ShareSetting> = single({
  metavar: 'JSON',
  schema: z.preprocess(jsonOr, shareSchema),
  jsonSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(
        Object.entries(shareParts).map(([key, { shape }]) => [
          key,
          { type: 'array', items: { type: ['string', 'integer'], pattern: shape.source } },
        ]),
      ),
      public: { type: 'boolean' },
    },
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

/** When an AMI becomes deprecated: so long after it was registered, or at a time. */
export type DeprecationSetting = { readonly seconds: number } | { readonly at: number };

const isoDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/;
const when = 'a time such as 90d, or a date such as 2027-03-01 or 2027-03-01T12:00Z';

/** Milliseconds since 1970 of a date; a day begins in UTC. */
export const deprecation: Kind<DeprecationSetting> = single({
  metavar: 'AGE|DATE',
  schema: z.unknown().transform((input, context): DeprecationSetting => {
    const text = typeof input === 'number' ? String(input) : input;
    if (typeof text === 'string') {
      const at = isoDate.test(text) ? Date.parse(text) : Number.NaN;
      if (!Number.isNaN(at)) return { at };
      const seconds = isoDate.test(text) ? undefined : parseSeconds(text);
      if (seconds !== undefined && seconds > 0) return { seconds };
    }
    context.addIssue(`expected ${when}, not ${show(input)}`);
    return z.NEVER;
  }),
  jsonSchema: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern: `^\\d+(\\.\\d+)?\\s*[smhd]?$|${isoDate.source}` },
    ],
  },
});

const quarterSeconds = 15 * 60;

/** https://docs.aws.amazon.com/ebs/latest/userguide/time-based-copies.html: whole quarters of an hour, up to 48 hours. */
export const copyCompletion: Kind<number> = single({
  metavar: 'TIME',
  isText: false,
  schema: z.unknown().transform((input, context) => {
    const seconds =
      typeof input === 'number' || typeof input === 'string' ? parseSeconds(String(input)) : undefined;
    const isQuarters = seconds !== undefined && seconds % quarterSeconds === 0;
    if (isQuarters && seconds >= quarterSeconds && seconds <= 48 * 3600) return seconds;
    context.addIssue(`expected a time from 15m to 48h in steps of 15m, not ${show(input)}`);
    return z.NEVER;
  }),
  jsonSchema: {
    anyOf: [
      { type: 'integer', minimum: quarterSeconds, maximum: 48 * 3600, multipleOf: quarterSeconds },
      { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*[smhd]?$' },
    ],
  },
});

/** What the name of an SSM parameter may hold, each in braces. */
const parameterPlaceholders: readonly string[] = [...amiNamePlaceholders, 'region'];

/**
 * The name of an SSM parameter with placeholders: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html.
 * Whether it is one is known once they are filled in.
 */
export const parameterTemplate: Kind<string> = single({
  metavar: 'TEMPLATE',
  schema: z
    .string(expected('a name such as /images/{name}/{arch}'))
    .min(1, 'expected a name such as /images/{name}/{arch}')
    .superRefine((template, context) => {
      const unknown = placeholdersOf(template).find((word) => !parameterPlaceholders.includes(word));
      if (unknown !== undefined) {
        const list = parameterPlaceholders.map((word) => `{${word}}`).join(', ');
        context.addIssue(
          `unknown placeholder {${redactValue(unknown)}}${didYouMean(unknown, parameterPlaceholders)}; there are ${list}`,
        );
      }
      const problem = parameterNameProblem(template.replace(/\{[^{}]*\}/g, 'x'));
      if (problem !== undefined) context.addIssue(problem);
    }),
  jsonSchema: { type: 'string', minLength: 1 },
});

const maxParameterLevels = 15;
const maxParameterName = 1011;

/** Why SSM does not take a name; undefined where it does. */
export function parameterNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_.\-/]+$/.test(name)) return 'a parameter name has letters, digits and _ . - / alone';
  if (name.length > maxParameterName) return `a parameter name has ${maxParameterName} characters at most`;
  if (name.includes('/') && !name.startsWith('/')) return 'a parameter name with a / begins with one';
  if (name.endsWith('/') || name.includes('//')) return 'a parameter name has something between its slashes';
  if (name.split('/').length - 1 > maxParameterLevels)
    return `a parameter name has ${maxParameterLevels} levels at most`;
  return /^\/?(?:aws|ssm)/i.test(name) ? 'a parameter name does not begin with aws or ssm' : undefined;
}
