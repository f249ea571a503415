import type { CommandSpec } from './spec.ts';

/** From images to published AMIs. */
export const imageCommands = {
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
} as const satisfies Readonly<Record<string, CommandSpec>>;
