import type { CommandSpec } from './spec.ts';

/** Shells that `completion` has a script for. */
export const shellNames = ['bash', 'zsh', 'fish'] as const;

export type ShellName = (typeof shellNames)[number];

/** What a policy can be printed for. */
export const policyCommands = [
  'import',
  'publish',
  'verify',
  'boot-test',
  'doctor',
  'plan',
  'list',
  'status',
  'janitor',
  'retire',
  'tag-fix',
  'init',
] as const;

/** The same, and the two documents of the service role. */
export const policySubjects = [...policyCommands, 'role-trust', 'role-policy'] as const;

/** What `config` does. */
export const configActions = ['validate', 'schema'] as const;

export type ConfigAction = (typeof configActions)[number];

/** What prepares for the others, and explains them; the demonstration. */
export const setupCommands = {
  'iam-policy': {
    summary: 'print the least IAM policy for commands, or the documents of the service role',
    details: [
      'Prints the policy that the credentials of the commands need, for the buckets, regions and ways of the configuration and those given here. Without a command it is that of import. role-trust and role-policy are the two documents of the service role that EC2 reads the bucket with. Calls no service.',
      'Exit codes: 0 done, 2 wrong usage.',
    ],
    operands: {
      metavar: 'COMMAND',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: `${policyCommands.join(', ')}, role-trust or role-policy`,
      completes: policySubjects,
    },
    examples: [
      ['For an import as the configuration has it', 'ec2-image iam-policy'],
      ['For all that a pipeline runs', 'ec2-image iam-policy import verify janitor --bucket my-bucket'],
      ['Create the service role', 'ec2-image iam-policy role-trust --bucket-owner 123456789012 >trust.json'],
    ],
  },
  init: {
    summary: 'write a commented ec2-image.yaml',
    details: [
      'Writes a configuration for one image: its checksum file is looked for beside it, its name and architecture are read from its file name. On a terminal it asks for what is not given, and offers the buckets of the account. A file that exists is not overwritten.',
      'Exit codes: 0 done, 1 the file could not be written, 2 wrong usage or the file exists.',
    ],
    operands: { metavar: 'URL', min: 0, max: 1, what: 'the URL of an image' },
    examples: [
      ['On a terminal', 'ec2-image init'],
      [
        'In a script',
        `ec2-image init https://example.org/Fedora.x86_64.qcow2 \\
  --bucket my-bucket --region us-east-1`,
      ],
    ],
  },
  config: {
    summary: 'check the configuration file, or print its JSON Schema',
    details: [
      'validate reports everything that an import would refuse before its first request, each with file, line and column. A value that needs a variable that is not set is a warning: nobody else can check it. schema prints the JSON Schema of the file, for editors.',
      'Exit codes: 0 done, 2 the file is wrong or missing, or wrong usage.',
    ],
    operands: {
      metavar: 'validate|schema',
      min: 1,
      max: 1,
      what: 'validate or schema',
      completes: configActions,
    },
    examples: [
      ['Check ec2-image.yaml', 'ec2-image config validate'],
      ['Another file, for a script', 'ec2-image config validate --config images.yaml --json'],
      ['Save the schema', 'ec2-image config schema >ec2-image.schema.json'],
    ],
  },
  completion: {
    summary: 'print the completion script of a shell',
    details: [
      'Completes commands, options, their values, images of the configuration file, regions, files and directories. bash needs version 4.4 or later.',
      'Exit codes: 0 done, 2 wrong usage.',
    ],
    operands: { metavar: 'SHELL', min: 1, max: 1, what: 'bash, zsh or fish', completes: shellNames },
    examples: [
      ['bash, in ~/.bashrc', 'source <(ec2-image completion bash)'],
      ['zsh, in ~/.zshrc after compinit', 'source <(ec2-image completion zsh)'],
      ['fish', 'ec2-image completion fish >~/.config/fish/completions/ec2-image.fish'],
    ],
  },
  explain: {
    summary: 'explain an error code',
    details: [
      'Prints what an error code means and what to do about it. Every error message begins with its code; upper and lower case are the same here.',
      'Exit codes: 0 done, 2 wrong usage or an unknown code.',
    ],
    operands: { metavar: 'CODE', min: 1, max: 1, what: 'an error code', completes: 'error-code' },
    examples: [
      ['A code', 'ec2-image explain BUCKET_ELSEWHERE'],
      ['As a JSON document', 'ec2-image explain BUCKET_ELSEWHERE --json'],
    ],
  },
  demo: {
    summary: 'run a complete import against the embedded AWS emulator, with generated images',
    details: [
      'Makes a disk with a GPT and an ext4 file system, serves it over HTTP on this machine as a qcow2 and as a raw.xz with a checksum file, and imports both into the embedded AWS emulator, where they are copied to two more regions, shared and announced; then runs the same import again to show that everything is reused, and once with another region. Needs neither an account nor a network. With --url it uses that image instead.',
      'All files are in a temporary directory that is removed at the end; with --work-dir they are kept there.',
    ],
    examples: [
      ['The demonstration', 'ec2-image demo'],
      [
        'With an image of your own',
        `ec2-image demo --url https://example.org/Fedora.qcow2 \\
  --checksum-url https://example.org/CHECKSUM`,
      ],
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
