import { z } from 'zod';
import { regionChanges } from '../outcome.ts';
import { error } from './parts.ts';

/** An AMI in one region. */
export const publishedRegion = z.object({
  region: z.string(),
  imageId: z.string().nullable(),
  snapshotId: z.string().nullable().describe('Of the root device'),
  outcome: z.enum(['published', 'unchanged', 'withheld', 'failed']),
  required: z.boolean().describe('False: its failure is a warning'),
  changed: z.array(z.enum(regionChanges)).describe('Kinds of what was changed'),
  made: z.array(z.string()).describe('What was changed, in words'),
  withheld: z.array(z.string()).describe('What would be revoked with --apply, in words'),
  error: error.optional(),
});

/** `publish --json`. */
export const publishContent = z.object({
  images: z.array(
    z.object({
      name: z.string().describe('As in the configuration'),
      amiName: z.string().nullable().describe('Null where the run ended before the digest was known'),
      outcome: z.enum(['published', 'unchanged', 'withheld', 'partial', 'failed', 'interrupted']),
      imageId: z.string().nullable().describe('In the region of the import'),
      snapshotId: z.string().nullable().describe('Of its root device'),
      region: z.string().describe('That of the import'),
      architecture: z.string(),
      source: z
        .object({
          url: z.string().describe('Without credentials and query'),
          digest: z.string().nullable().describe('Null where the run ended before it was known'),
        })
        .describe('What the AMI was made from'),
      regions: z.array(publishedRegion).describe('The region of the import first'),
      error: error.optional().describe('Of the first required region that failed, or of all'),
    }),
  ),
});
