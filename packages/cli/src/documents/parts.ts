import { z } from 'zod';

/** What went wrong, as every document tells it. */
export const error = z
  .object({
    code: z.string().describe('Stable: what scripts compare'),
    message: z.string().describe('What happened'),
    hint: z.string().describe('What to do'),
  })
  .describe('What went wrong');

export const tags = z.record(z.string(), z.string());

/** What could not be read. */
export const gap = z.object({
  what: z.string(),
  region: z.string().optional(),
  bucket: z.string().optional(),
  ref: z.string().optional(),
  detail: z.string().describe("The service's own words"),
});

/** A command's document: the one key of its own, or the error in its place. */
export function commandDocument<K extends string, S extends z.ZodType>(key: K, content: S) {
  return z.object({
    version: z.literal(1),
    [key]: content.nullable().describe('Null where the command failed'),
    error: error.optional(),
  });
}
