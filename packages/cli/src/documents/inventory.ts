import { z } from 'zod';
import { gap } from './parts.ts';

const ami = z.object({
  name: z.string().nullable().describe('As in the configuration; null where no tag says it'),
  amiName: z.string(),
  imageId: z.string(),
  region: z.string(),
  architecture: z.string().nullable(),
  snapshotIds: z.array(z.string()).describe("The root device's first"),
  createdAt: z.iso.datetime().nullable(),
  ageSeconds: z.number().nullable(),
  state: z.string(),
  bootTest: z.string().nullable().describe('passed or failed; null where there was none'),
  proof: z.string().nullable().describe('full, sample or none; null where no tag says it'),
  signedBy: z.string().nullable().describe('Fingerprint of the primary key'),
  source: z.object({ url: z.string().nullable(), digest: z.string().nullable() }),
  sharedWith: z
    .array(z.string())
    .nullable()
    .describe('Account ids, ARNs of organisations and their units, or all; null where it could not be read'),
  deprecatesAt: z.iso.datetime().nullable(),
  deprecated: z.boolean(),
  parameters: z
    .array(z.string())
    .nullable()
    .describe('Names of the SSM parameters that name it; null where they could not be read'),
  copyOf: z.string().nullable().describe('The AMI that it is a copy of'),
});

const found = { account: z.string(), regions: z.array(z.string()), gaps: z.array(gap) };

/** `status --json`. */
export const statusContent = z.object({
  ...found,
  unfinished: z.array(
    z.object({
      kind: z.enum(['task', 'upload', 'object', 'snapshot', 'ami', 'copy', 'instance']),
      region: z.string(),
      id: z.string().describe('Of an upload and an object, its s3:// URL'),
      amiName: z.string().nullable().describe('Of the AMI that is to be made'),
      state: z.string(),
      percent: z.number().nullable().describe('Of an import task, as far as EC2 tells'),
      sizeBytes: z.number().nullable().describe('Of an object, and of what of an upload has arrived'),
      ageSeconds: z.number().nullable(),
      command: z
        .array(z.string())
        .nullable()
        .describe('Arguments of the ec2-image command that continues it; null where nothing names its image'),
    }),
  ),
});

/** `list --json`. */
export const listContent = z.union([
  z.object({ ...found, amis: z.array(ami) }),
  z
    .object({
      ...found,
      images: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))),
    })
    .describe('With --layout images: name, architecture, region, AMI'),
]);
