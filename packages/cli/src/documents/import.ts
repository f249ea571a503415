import { proofExtents } from '@ec2-image/provenance';
import { z } from 'zod';
import { bootFindings, chainEnds, stepNames } from '../outcome.ts';
import { error, tags } from './parts.ts';
import { publishedRegion } from './publish.ts';

const step = z.object({
  step: z.enum(stepNames),
  outcome: z.enum(['done', 'reused', 'skipped', 'failed']),
  seconds: z.number(),
  bytes: z.number().optional().describe('Moved, not merely read'),
});

const link = z.object({
  from: z.enum(chainEnds),
  to: z.enum(chainEnds),
  shownBy: z.string().describe('For people'),
  value: z.string().optional().describe('A digest or a checksum, with its algorithm'),
  at: z.string().describe('ISO 8601'),
});

const history = z.object({
  startedAt: z.string().describe('ISO 8601'),
  seconds: z.number().describe('Stages overlap: this is not their sum'),
  stages: z
    .array(
      z.object({
        stage: z.string().describe('A step, or what lies between the steps'),
        startedAt: z.string().describe('ISO 8601'),
        seconds: z.number(),
        outcome: z.enum(['done', 'reused', 'failed', 'interrupted']),
        bytes: z.number().optional(),
      }),
    )
    .describe('As they ran; one that was repeated appears each time'),
  notices: z.array(z.object({ at: z.string(), message: z.string() })).describe('Warnings and decisions'),
});

const image = z.object({
  name: z.string().describe('As in the configuration'),
  amiName: z.string().nullable().describe('Null where the run ended before the digest was known'),
  outcome: z.enum(['imported', 'reused', 'partial', 'failed', 'interrupted']),
  imageId: z.string().nullable(),
  snapshotId: z.string().nullable(),
  region: z.string(),
  architecture: z.string(),
  tags,
  source: z.object({
    url: z.string().describe('Without credentials and query'),
    digest: z.string().nullable().describe('sha256:<hex> or sha512:<hex>; null where it was not known yet'),
    signedBy: z
      .string()
      .optional()
      .describe(
        'Fingerprint of the primary key that signed checksum file or image, where a keyring was given',
      ),
  }),
  bootMode: z
    .object({ found: z.enum(bootFindings), reason: z.string() })
    .optional()
    .describe('What the image can be booted by, and why, where boot-mode is auto'),
  bootTest: z
    .object({
      booted: z.boolean(),
      reason: z.string().describe('What showed it'),
      instanceType: z.string().optional().describe('Of a test that this run made'),
      console: z
        .array(z.string())
        .optional()
        .describe('The last lines of the console, of a test that this run made'),
    })
    .optional()
    .describe('Whether the AMI boots, where boot-test is configured and it was tested'),
  image: z.record(z.string(), z.unknown()).nullable().describe('The entry of DescribeImages'),
  proof: z
    .object({
      extent: z.enum(proofExtents).describe('How much of the image was read to prove the snapshot'),
      madeAt: z.string().optional().describe('ISO 8601; only of a proof that this run made'),
      secondsBeforeImportEnd: z
        .number()
        .optional()
        .describe('How long before the end of the import task; negative where that had ended before'),
    })
    .nullable()
    .describe('Null where no snapshot is known'),
  regions: z.array(publishedRegion).describe('Where it is published, the region of the import first'),
  steps: z.array(step),
  chain: z
    .array(link)
    .describe('What this run has shown of the way from the publisher to the snapshot, in that order of time'),
  history: history.optional().describe('What happened, and when'),
  error: error.optional(),
  leftovers: z.array(z.string()).optional().describe('What may still be in the account, in words'),
});

/** `import --json`. */
export const importSchema = z.object({
  version: z.literal(1),
  images: z.array(image).describe('Empty where the run as a whole could not start'),
  next: z.string().describe('The YAML that pins the result'),
  retries: z
    .array(
      z.object({
        service: z.string(),
        operation: z.string(),
        error: z.string().describe("AWS's code, or the name of what the connection failed with"),
        count: z.number(),
        firstAt: z.string().describe('ISO 8601'),
        lastAt: z.string().describe('ISO 8601'),
      }),
    )
    .optional()
    .describe('Requests to AWS that were repeated'),
  error: error.optional(),
});

/** `demo --json`: the documents of its two imports. */
export const demoContent = z.object({ runs: z.array(importSchema) });
