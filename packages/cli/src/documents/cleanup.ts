import { z } from 'zod';
import { gap, tags } from './parts.ts';

const resource = z.object({
  kind: z.string(),
  ref: z.string().describe("Names it among all of the account's"),
  id: z.string(),
  region: z.string(),
  name: z.string().optional(),
  bucket: z.string().optional(),
  key: z.string().optional(),
  versionId: z.string().optional(),
  sizeBytes: z.number().nullable(),
  sizeIsUpperBound: z.boolean(),
  lastActivityAt: z.string().nullable(),
  ageSeconds: z.number().nullable(),
  dependents: z.array(z.string()),
  verdict: z.enum(['delete', 'deprecate', 'disable', 'enable', 'keep']),
  proof: z.string().optional().describe('Of what is to be deleted, deprecated or disabled'),
  because: z.enum(['superseded', 'named', 'retired']).optional().describe('Of what is to be disabled'),
  code: z.string().optional().describe('Of what is kept'),
  reason: z.string().optional().describe('Of what is kept or enabled again'),
  suggestion: z
    .array(z.string())
    .optional()
    .describe('Arguments of the ec2-image command that would finish it'),
});

const plan = z.object({
  version: z.literal(1),
  account: z.string(),
  regions: z.array(z.string()),
  buckets: z.array(z.object({ bucket: z.string(), region: z.string(), versioning: z.string() })),
  prefixes: z.array(z.string()),
  madeAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  policy: z.object({
    olderThanMs: z.number(),
    keepTags: z.array(z.object({ key: z.string(), value: z.string().optional() })),
    keepSuffixes: z.array(z.string()),
    amis: z.array(z.string()),
    superseded: z.boolean(),
    deregisterNow: z.boolean(),
    names: z.array(z.string()),
    retain: z
      .array(
        z.object({
          name: z.string(),
          count: z.number(),
          ageMs: z.number().optional(),
          graceMs: z.number(),
          sharedByConfiguration: z.boolean(),
        }),
      )
      .optional()
      .describe('Of retire'),
  }),
  resources: z.array(resource),
  gaps: z.array(gap),
  notices: z.array(z.string()),
});

const outcomes = z.array(
  z.object({
    ref: z.string(),
    kind: z.string(),
    id: z.string(),
    outcome: z.enum(['deleted', 'deprecated', 'disabled', 'enabled', 'gone', 'skipped', 'failed']),
    detail: z.string().optional(),
  }),
);

const swept = z.object({
  plan,
  missing: outcomes
    .optional()
    .describe('With --from-plan: what that plan names, and would not be changed now'),
  outcomes: outcomes.optional().describe('With --apply'),
  recycleBin: z
    .object({
      recycled: z.array(
        z.object({
          kind: z.enum(['ami', 'snapshot']),
          region: z.string(),
          id: z.string(),
          until: z.string().nullable(),
        }),
      ),
      unread: z.array(z.object({ region: z.string(), detail: z.string() })),
    })
    .optional()
    .describe('With --apply: what a retention rule keeps of that which was deleted; it is still charged'),
});

/** `janitor --json`. */
export const janitorContent = swept.extend({
  workFiles: z
    .array(z.object({ path: z.string(), sizeBytes: z.number(), live: z.boolean(), removed: z.boolean() }))
    .optional()
    .describe('With --work-files'),
});

/** `retire --json`. */
export const retireContent = swept;

/** `tag-fix --json`. */
export const tagFixContent = z.object({
  account: z.string(),
  regions: z.array(z.string()),
  resources: z.array(
    z.object({
      kind: z.string(),
      region: z.string(),
      id: z.string(),
      proof: z.string(),
      before: tags,
      add: tags,
      replace: tags,
      conflicts: z.array(z.object({ key: z.string(), value: z.string(), wanted: z.string() })),
      outcome: z.enum(['tagged', 'unchanged', 'failed']).optional().describe('Not with --dry-run'),
      after: tags.optional().describe('As last read'),
      detail: z.string().optional(),
    }),
  ),
  refusals: z.array(z.object({ id: z.string(), reason: z.string() })),
  gaps: z.array(gap),
});
