import { z } from 'zod';
import { expected, type Kind, single } from './kind.ts';

/** A part of a configuration: the images whose turn it is when they are dealt out among `count` runs. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

const form = /^(\d{1,9})\/([1-9]\d{0,8})$/;

/** `I/N`, with I from 0 to N - 1. */
export const shard: Kind<Shard> = single({
  metavar: 'I/N',
  schema: z.string(expected('I/N')).transform((text, context) => {
    const [, index, count] = form.exec(text)?.map(Number) ?? [];
    if (index !== undefined && count !== undefined && index < count) return { index, count };
    context.issues.push({
      code: 'custom',
      input: text,
      message: expected('I/N with I from 0 to N - 1, such as 0/8').error({ input: text }),
    });
    return z.NEVER;
  }),
  jsonSchema: { type: 'string', pattern: form.source },
  write: ({ index, count }) => `${index}/${count}`,
});
