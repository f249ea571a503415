import { z } from 'zod';
import { shellNames } from '../options/commands/setup.ts';
import type { CommandName } from '../options/commands.ts';
import type { JsonSchema } from '../options/kinds/kind.ts';
import { janitorContent, retireContent, tagFixContent } from './cleanup.ts';
import { demoContent, importSchema } from './import.ts';
import { listContent, statusContent } from './inventory.ts';
import { commandDocument } from './parts.ts';
import { planSchema } from './plan.ts';
import { publishContent } from './publish.ts';

const verifyContent = z.object({
  snapshotId: z.string(),
  blocks: z.number().describe('Read and compared'),
  absentBlocks: z.number().describe('Blocks of zeros that the snapshot never got'),
  sizeBytes: z.number(),
  signedBy: z
    .string()
    .optional()
    .describe(
      'Fingerprint of the primary key that signed the image or its checksum file, where a keyring was given',
    ),
  equal: z.literal(true),
});

const bootTestContent = z.object({
  imageId: z.string(),
  region: z.string(),
  instanceId: z.string().describe('Terminated'),
  instanceType: z.string(),
  booted: z.boolean(),
  reason: z.string().describe('What showed it'),
  console: z.array(z.string()).describe('The last lines of the console'),
});

const doctorContent = z.object({
  checks: z.array(
    z.object({
      check: z.string(),
      state: z.enum(['ok', 'warning', 'failed', 'skipped']),
      detail: z.string(),
      hint: z.string().optional(),
      permissions: z
        .array(
          z.object({
            action: z.string(),
            resource: z.string(),
            state: z.enum(['proven', 'denied', 'unproven']),
            by: z.enum(['call', 'dry-run', 'simulation', 'policies']).optional(),
            detail: z.string().optional(),
          }),
        )
        .optional(),
      fix: z
        .object({
          what: z.string(),
          commands: z.array(z.array(z.string())).describe('Words of aws commands, without the first'),
          resources: z.record(z.string(), z.unknown()).optional().describe('Of a CloudFormation template'),
        })
        .optional(),
    }),
  ),
  nothingFound: z.boolean().describe('Everything that an import needs is there, and proven to be'),
});

const iamPolicyContent = z.object({
  policy: z
    .object({ Version: z.string(), Statement: z.array(z.record(z.string(), z.unknown())) })
    .describe('The policy document, as IAM takes it'),
});

const problems = z.array(
  z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    line: z.number().describe('From 1'),
    column: z.number().describe('From 1'),
  }),
);

const configContent = z.union([
  z.object({
    path: z.string(),
    valid: z.boolean(),
    images: z.array(z.string()),
    problems: problems.describe('In the order of the file'),
    warnings: problems.describe('Values that need a variable that is not set'),
  }),
  z.object({ schema: z.record(z.string(), z.unknown()).describe('The JSON Schema of the file') }),
]);

const completionContent = z.object({
  shell: z.enum(shellNames),
  script: z.string().describe('To be read by that shell'),
});

const initContent = z.object({
  path: z.string().describe('The file that was written'),
  name: z.string().describe('Of its image'),
});

const explainContent = z.object({
  code: z.string(),
  means: z.string().describe('What happened'),
  remedy: z.string().describe('What to do'),
  page: z.string().describe('Where it is documented'),
});

/** What each command prints with `--json`. */
export const documentSchemas: Readonly<Record<CommandName, z.ZodType>> = {
  import: z.union([importSchema, planSchema]).describe('With --dry-run the document of plan'),
  plan: planSchema,
  list: commandDocument('list', listContent),
  status: commandDocument('status', statusContent),
  janitor: commandDocument('janitor', janitorContent),
  retire: commandDocument('retire', retireContent),
  'tag-fix': commandDocument('tag-fix', tagFixContent),
  verify: commandDocument('verify', verifyContent),
  publish: commandDocument('publish', publishContent),
  'boot-test': commandDocument('boot-test', bootTestContent),
  doctor: commandDocument('doctor', doctorContent),
  'iam-policy': commandDocument('iam-policy', iamPolicyContent),
  init: commandDocument('init', initContent),
  config: commandDocument('config', configContent),
  completion: commandDocument('completion', completionContent),
  explain: commandDocument('explain', explainContent),
  demo: commandDocument('demo', demoContent),
};

/** The same as JSON Schema. Fields may be added, so others than these are not excluded. */
export function documentSchema(command: CommandName): JsonSchema {
  return {
    title: `ec2-image ${command} --json`,
    ...z.toJSONSchema(documentSchemas[command], { io: 'input' }),
  };
}
