import { z } from 'zod';
import { parseBytes, parseSeconds } from '../quantities.ts';
import { expected, type Kind, show, single } from './kind.ts';

/** A whole number of a range. */
export function integer({
  min,
  max,
  metavar = 'N',
}: {
  readonly min: number;
  readonly max: number;
  readonly metavar?: string;
}): Kind<number> {
  const what = expected(`a whole number from ${min} to ${max}`);
  return single({
    metavar,
    isText: false,
    read: numberOr,
    schema: z.int(what).min(min, what).max(max, what),
    jsonSchema: { type: 'integer', minimum: min, maximum: max },
  });
}

/** Text that is not a number stays text, so that the message can repeat it. */
function numberOr(text: string): number | string {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
}

/** Seconds, as a number of them or as `90s`, `15m`, `2h` or `7d`. */
export function duration({ metavar = 'SECONDS' }: { readonly metavar?: string } = {}): Kind<number> {
  return single({
    metavar,
    isText: false,
    schema: quantity(parseSeconds, 'a time such as 90s, 15m, 24h or 7d, or a number of seconds'),
    jsonSchema: {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*[smhd]?$' },
      ],
    },
  });
}

/** Bytes, as a number of them or as `64GiB`; never none. */
export const byteSize: Kind<number> = single({
  metavar: 'SIZE',
  isText: false,
  schema: quantity((text) => parseBytes(text) || undefined, 'a size such as 64GiB'),
  jsonSchema: {
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*([KkMmGgTt]([Ii]?[Bb])?|[Bb])?$' },
    ],
  },
});

function quantity(parse: (text: string) => number | undefined, what: string): z.ZodType<number> {
  return z.unknown().transform((input, context) => {
    const parsed = typeof input === 'number' || typeof input === 'string' ? parse(String(input)) : undefined;
    if (parsed === undefined) context.addIssue(`expected ${what}, not ${show(input)}`);
    return parsed ?? z.NEVER;
  });
}
