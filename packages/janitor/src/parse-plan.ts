import { z } from 'zod';
import { JanitorError } from './errors.ts';
import type { Plan } from './plan.ts';

const kind = z.enum(['upload', 'task', 'ami', 'snapshot', 'object']);

const thing = z
  .looseObject({
    kind,
    ref: z.string(),
    id: z.string(),
    region: z.string(),
    name: z.string().optional(),
    bucket: z.string().optional(),
    key: z.string().optional(),
    versionId: z.string().optional(),
    sizeBytes: z.number().nullable(),
    sizeIsUpperBound: z.boolean(),
    lastSignAt: z.string().nullable(),
    ageSeconds: z.number().nullable(),
    dependents: z.array(z.string()),
  })
  .and(
    z.discriminatedUnion('verdict', [
      z.looseObject({ verdict: z.literal('delete'), proof: z.string() }),
      z.looseObject({
        verdict: z.literal('keep'),
        code: z.string(),
        reason: z.string(),
        suggestion: z.array(z.string()).optional(),
      }),
    ]),
  )
  .refine((value) => (value.kind !== 'upload' && value.kind !== 'object') || (value.bucket && value.key), {
    error: 'an upload or object needs its bucket and key',
  });

const plan = z.object({
  version: z.literal(1),
  account: z.string(),
  regions: z.array(z.string()),
  buckets: z.array(
    z.object({
      bucket: z.string(),
      region: z.string(),
      versioning: z.enum(['Enabled', 'Suspended', 'Never']),
    }),
  ),
  prefixes: z.array(z.string()),
  madeAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  policy: z.object({
    olderThanMs: z.number().nonnegative(),
    keepTags: z.array(z.object({ key: z.string(), value: z.string().optional() })),
    keepSuffixes: z.array(z.string()),
    amis: z.array(z.string()),
    superseded: z.boolean(),
    names: z.array(z.string()),
  }),
  resources: z.array(thing),
  gaps: z.array(z.looseObject({ what: z.string(), detail: z.string() })),
  notices: z.array(z.string()),
});

/**
 * Reads what `--save-plan` wrote. Entries may have been taken out by hand; a sweep looks at each that is left again.
 *
 * @throws JanitorError `PLAN_UNREADABLE`
 */
export function parsePlan(text: string): Plan {
  try {
    return plan.parse(JSON.parse(text)) as Plan;
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : String((error as Error).message);
    throw new JanitorError('PLAN_UNREADABLE', `not a plan of the janitor: ${detail}`, {
      hint: 'Make a new plan with --save-plan.',
      cause: error,
    });
  }
}
