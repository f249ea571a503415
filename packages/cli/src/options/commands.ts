import type { Kind } from './kinds/kind.ts';
import { amiId, amiOrSnapshotId } from './kinds/text.ts';

/** What a command takes besides options. */
export interface Operands {
  readonly metavar: string;
  readonly min: number;
  readonly max: number;
  /** As errors name one: `an AMI id`. */
  readonly what: string;
  readonly kind?: Kind<string>;
  /** What a shell offers for one: these words, or all of that sort. */
  readonly completes?: readonly string[] | 'image' | 'error-code';
}

export interface CommandSpec {
  /** One line of the list of commands. */
  readonly summary: string;
  /** Paragraphs of its own help. */
  readonly details: readonly string[];
  readonly operands?: Operands;
  /** The same command resumes what an earlier run left unfinished. */
  readonly resumes?: boolean;
  readonly examples: readonly (readonly [title: string, command: string])[];
}

/** Shells that `completion` has a script for. */
export const shellNames = ['bash', 'zsh', 'fish'] as const;

export type ShellName = (typeof shellNames)[number];

/** What a policy or a document can be printed for. */
export const policySubjects = [
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
  'role-trust',
  'role-policy',
] as const;

/** What `config` does. */
export const configActions = ['validate', 'schema'] as const;

export type ConfigAction = (typeof configActions)[number];

const commands = {
  import: {
    summary: 'import images into EC2 as tagged AMIs',
    details: [
      'Downloads each image, verifies it against its published checksum, converts and uploads it, imports it as a snapshot and registers the AMI <name>-i<suffix>.',
      'Existing results are reused: an AMI, a snapshot, an import task, an object, a disk or a download of the same digest is not made again. Run the same command again to resume a failed or interrupted import, from another machine too.',
      'One image is described by options, or several under images: in a configuration file, whose keys are the names of the options.',
      'Exit codes: 0 done, 1 something failed or is incomplete, 2 wrong usage, 3 something to do (--dry-run), 130 interrupted.',
    ],
    resumes: true,
    operands: {
      metavar: 'NAME',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: 'names of images',
      completes: 'image',
    },
    examples: [
      [
        'One image by options',
        `ec2-image import --name fedora-aws --arch x86_64 \\
  --url https://example.org/Fedora.qcow2 \\
  --checksum-url https://example.org/CHECKSUM \\
  --bucket my-bucket --region us-east-1`,
      ],
      ['All images of ec2-image.yaml', 'ec2-image import'],
      ['One of them, with a JSON document for a script', 'ec2-image import fedora-aws --json'],
      ['The same without an AWS account', 'ec2-image import --local'],
    ],
  },
  plan: {
    summary: 'show what import would do, and do nothing',
    details: [
      'Looks for the results of each image in the order in which import does, and tells for each what exists and would be reused, what would be downloaded (in bytes), made, changed and removed, and what stands in the way. It takes the options of import; import --dry-run is the same. Nothing is changed in the account or in the work directory.',
      'Exit codes: 0 nothing to do, 1 something stands in the way, 2 wrong usage, 3 something to do, 130 interrupted.',
    ],
    operands: {
      metavar: 'NAME',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: 'names of images',
      completes: 'image',
    },
    examples: [
      ['All images of ec2-image.yaml', 'ec2-image plan'],
      ['One of them, for a script', 'ec2-image plan fedora-aws --json'],
    ],
  },
  publish: {
    summary: 'make regions, sharing and deprecation of AMIs what the configuration says',
    details: [
      'Finds the AMI that import made of each image, and brings each region to what the configuration says: copies, permissions on snapshots and AMI, deprecation, protection. It first shows what it will do, changes nothing where all is so already, and reads everything back at the end. import does the same once its AMI is there.',
      'Nothing is revoked without --apply. A region that fails stops no other: the same command does what is missing.',
      'Exit codes: 0 done, 1 something failed, 2 wrong usage, 3 something is to be revoked with --apply, 130 interrupted.',
    ],
    resumes: true,
    operands: {
      metavar: 'NAME',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: 'names of images',
      completes: 'image',
    },
    examples: [
      ['All images of ec2-image.yaml', 'ec2-image publish'],
      ['One of them to another region', 'ec2-image publish fedora-aws --regions eu-west-1'],
      ['Revoke what the configuration no longer names', 'ec2-image publish --apply'],
    ],
  },
  list: {
    summary: 'list the AMIs that ec2-image created',
    details: [
      'Lists the AMIs that ec2-image provably created, in every region asked for: name, id, snapshot, architecture, age, state, the results of boot test and proof, who signed the image, with whom the AMI is shared, when it is deprecated, and the SSM parameters that name it. Columns in which no AMI has anything are left out of the table; --json has all of them.',
      'With --layout images it prints, of each name and architecture, the newest AMI in each region: with --json as a document for scripts. Nothing is changed.',
      'Exit codes: 0 done, 4 something could not be read.',
    ],
    examples: [
      ['In the regions of the configuration', 'ec2-image list'],
      ['In every region', 'ec2-image list --all-regions'],
      ['The newest AMIs, for a script', 'ec2-image list --layout images --json'],
    ],
  },
  status: {
    summary: 'show imports in progress or half done, and the command that continues each',
    details: [
      'Finds what imports have begun and not finished: running import tasks with their progress, incomplete uploads, uploaded objects, snapshots without an AMI, AMIs and copies that are pending or have failed, and instances of boot tests. All state is in the account, so any machine sees it, and continues each with the command that is shown. Nothing is changed; ec2-image janitor deletes what nobody wants.',
      'Exit codes: 0 done, 4 something could not be read.',
    ],
    examples: [
      ['In the regions and buckets of the configuration', 'ec2-image status'],
      ['The same without a configuration', 'ec2-image status --bucket my-bucket --region us-east-1'],
    ],
  },
  janitor: {
    summary: 'find what failed imports left behind, and delete it with --apply',
    details: [
      'Finds incomplete uploads, import tasks, snapshots, failed AMIs and objects that ec2-image provably created. A matching name alone proves nothing. Whatever is recent, in use, shared, protected or still being worked on is kept, each with its reason, and so is everything that depends on something that could not be read.',
      'Without --apply nothing is changed. With it, each resource is checked again just before its deletion, and reported as deleted once a read confirms it.',
      'Healthy AMIs that --ami names or --superseded finds are disabled first, and deregistered by a later run that still finds them unused; one that has come into use is enabled again. Use by AWS Batch, EMR, Elastic Beanstalk, templates and code is not visible.',
      'Exit codes: 0 no leftovers, 3 leftovers were found, 4 something could not be read or deleted, 5 the plan exceeds --max-deletes and nothing was deleted.',
    ],
    examples: [
      ['Leftovers in the regions and buckets of the configuration', 'ec2-image janitor'],
      ['The same without a configuration', 'ec2-image janitor --bucket my-bucket --region us-east-1'],
      ['Save a plan for review', 'ec2-image janitor --save-plan plan.json'],
      ['Carry it out', 'ec2-image janitor --from-plan plan.json --apply'],
      ['From a script', 'ec2-image janitor --apply --yes --expect-account 123456789012 --json'],
      ['Older unused AMIs, too', 'ec2-image janitor --superseded'],
    ],
  },
  retire: {
    summary: 'deprecate old AMIs by count and age, and after a grace period deregister them',
    details: [
      'Under retain: {count, age, grace} of an image, keeps the newest count AMIs that ec2-image created of it, and those younger than age, in each region and architecture. An older one is deprecated and keeps its sharing until grace has passed. Then, unused, it is unshared and disabled; a later run that still finds it unused deregisters it and deletes its snapshots. One that has come into use is enabled again and shared as the configuration says.',
      'What an SSM parameter names, what was launched recently, is in use or protected is kept, each with its reason. Being shared does not count as use. Use by other accounts shows only in the last launch, which AWS reports up to a day late.',
      'Without --apply nothing is changed. With it, each resource is checked again just before.',
      'Exit codes: 0 nothing to do, 3 something to do, 4 something could not be read or changed, 5 the plan exceeds --max-deletes and nothing was changed.',
    ],
    operands: {
      metavar: 'NAME',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: 'names of images',
      completes: 'image',
    },
    examples: [
      ['What the configuration retires', 'ec2-image retire'],
      ['Carry it out, from a script', 'ec2-image retire --apply --yes --json'],
      ['One image, in every region', 'ec2-image retire fedora-aws --all-regions'],
      [
        'Without a configuration',
        `ec2-image retire fedora-aws --region us-east-1 --retain '{"count": 3, "age": "90d"}'`,
      ],
    ],
  },
  'tag-fix': {
    summary: 'add tags missing after a partially failed import',
    details: [
      'Finds AMIs and snapshots that ec2-image provably created and that lack Name, automation or the tags that record their origin, and adds what is missing. An existing tag is not overwritten: a different value on an AMI is reported. With --force, wrong values of the tags that record its origin and of Name are corrected.',
      'AMIs made by other means are tagged when they are given together with --name and --suffix.',
      'Exit codes: 0 done or nothing to do, 1 a tag has another value, or an AMI was refused or could not be tagged, 4 something could not be read.',
    ],
    operands: { metavar: 'AMI', min: 0, max: Number.POSITIVE_INFINITY, what: 'AMI ids', kind: amiId },
    examples: [
      ['Everything that ec2-image created', 'ec2-image tag-fix'],
      ['Show what would be added', 'ec2-image tag-fix --dry-run'],
      ['One AMI', 'ec2-image tag-fix ami-0123456789abcdef0 --region us-east-1'],
      [
        'An AMI that a script made',
        'ec2-image tag-fix ami-0123456789abcdef0 --name fedora-aws --suffix 20261122',
      ],
    ],
  },
  verify: {
    summary: 'verify that a snapshot matches a disk image',
    details: [
      'Reads every block of the snapshot (for an AMI: of its root device) through the EBS direct APIs and compares it with the disk; blocks that the snapshot leaves out must be zeros of the disk. The disk is a file in any format that import accepts, an image to download, or the digests that an earlier run saved.',
      'Exit codes: 0 equal, 1 different or not readable, 2 wrong usage.',
    ],
    operands: {
      metavar: 'AMI|SNAP',
      min: 1,
      max: 1,
      what: 'an AMI or snapshot id',
      kind: amiOrSnapshotId,
    },
    examples: [
      ['Against a disk', 'ec2-image verify ami-0123456789abcdef0 --file disk.qcow2'],
      [
        'Against the published image',
        `ec2-image verify snap-0123456789abcdef0 \\
  --url https://example.org/disk.raw.xz \\
  --checksum-url https://example.org/CHECKSUM`,
      ],
      ['Later, without the disk', 'ec2-image verify ami-0123456789abcdef0 --digests disk.digests'],
    ],
  },
  'boot-test': {
    summary: 'start an instance of an AMI, and see that it boots',
    details: [
      'Starts an instance of the AMI without a key pair, a role or a public address, watches its status checks and its console until the console shows that the system is up, and terminates it: after success, failure and Ctrl-C alike. An instance that a killed test left running is terminated by the next test of the AMI. The AMI is tagged ec2-image:boot-test=passed or failed.',
      'EC2 shows a console minutes late, or not at all: an instance that passes its status checks and prints nothing until the time is over counts as booted ("reachable, console silent"). The instance and its volume cost money for the minutes that it runs.',
      'Exit codes: 0 it boots, 1 it does not or could not be tested, 2 wrong usage, 130 interrupted.',
    ],
    operands: { metavar: 'AMI', min: 1, max: 1, what: 'an AMI id', kind: amiId },
    examples: [
      ['An AMI', 'ec2-image boot-test ami-0123456789abcdef0 --region us-east-1'],
      [
        'One that says by a line of its own that it is up',
        "ec2-image boot-test ami-0123456789abcdef0 --expect 'system is ready' --boot-timeout 5m",
      ],
    ],
  },
  doctor: {
    summary: 'check credentials, permissions, bucket, role, keys, quotas, tools and space',
    details: [
      'Checks everything that an import needs, for the images of the configuration and what is given here. Each permission is proven, denied, or not provable: by calls, by calls with DryRun, by the simulation of IAM and by policies that can be read. In the bucket, a small object and an upload in parts are made under the prefix and removed again; nothing else is changed.',
      'With --fix, prints on stdout the aws commands that would fix what was found, as a script for a shell, and the report on stderr; with --cloudformation a template.',
      'Exit codes: 0 nothing is missing, 1 something is.',
    ],
    examples: [
      ['What the configuration needs', 'ec2-image doctor'],
      ['One bucket', 'ec2-image doctor --bucket my-bucket --region us-east-1'],
      ['Fix what is missing', 'ec2-image doctor --fix >fix.sh'],
    ],
  },
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
      what: 'import, publish, verify, boot-test, doctor, plan, list, status, janitor, retire, tag-fix, role-trust or role-policy',
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
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];

export const commandSpecs: Readonly<Record<CommandName, CommandSpec>> = commands;

/** Whether the same command continues from what an earlier run of it left unfinished. */
export function resumes(command: CommandName): boolean {
  return commandSpecs[command].resumes ?? false;
}

export function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(commands, word);
}
