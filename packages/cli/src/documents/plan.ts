import { z } from 'zod';
import { stepNames } from '../outcome.ts';
import { plannedActions } from '../pipeline/plan/planned.ts';
import { commandDocument, error } from './parts.ts';

const image = z.object({
  name: z.string().describe('As in the configuration'),
  amiName: z.string().nullable().describe('Null where the digest, which may name it, is not known'),
  region: z.string(),
  architecture: z.string(),
  outcome: z
    .enum(['nothing', 'todo', 'blocked'])
    .describe('nothing: all is there; todo: something would be done; blocked: something stands in the way'),
  imageId: z.string().nullable().describe('The AMI that would be reused'),
  snapshotId: z.string().nullable().describe('The snapshot that would be reused, or that of the AMI'),
  source: z.object({
    url: z.string().describe('Without credentials and query'),
    digest: z.string().nullable().describe('sha256:<hex> or sha512:<hex>'),
  }),
  steps: z.array(
    z.object({
      step: z.enum([...stepNames, 'verify']),
      action: z
        .enum(plannedActions)
        .describe(
          'reuse: what it would make exists; make; wait: an earlier run has begun it; change: of what exists; remove; revoke',
        ),
      what: z.string(),
      bytes: z.number().optional().describe('To be transferred, where that is known'),
      keptBytes: z
        .number()
        .optional()
        .describe('Transferred by an earlier run, of a download or an upload that is incomplete'),
    }),
  ),
  error: error.optional().describe('What stands in the way'),
});

/** `plan --json`, and `import --dry-run --json`. */
export const planSchema = commandDocument('plan', z.object({ images: z.array(image) }));
