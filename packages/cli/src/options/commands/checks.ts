import { amiId, amiOrSnapshotId } from '../kinds/text.ts';
import type { CommandSpec } from './spec.ts';

/** Whether a result, or the account, is as it should be. */
export const checkCommands = {
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
      'Checks everything that an import needs, for the images of the configuration and what is given here. Each permission is proven, denied, or not provable: by calls, by calls with DryRun, by the simulation of IAM and by policies that can be read. Where AMIs are published, so is each region that they go to: permissions, keys, quotas, and what would keep them from being shared. In the bucket, a small object and an upload in parts are made under the prefix and removed again; nothing else is changed.',
      'With --fix, prints on stdout the aws commands that would fix what was found, as a script for a shell, and the report on stderr; with --cloudformation a template.',
      'Exit codes: 0 nothing is missing, 1 something is.',
    ],
    examples: [
      ['What the configuration needs', 'ec2-image doctor'],
      ['One bucket', 'ec2-image doctor --bucket my-bucket --region us-east-1'],
      ['Fix what is missing', 'ec2-image doctor --fix >fix.sh'],
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
