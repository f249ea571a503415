import type { Layers } from './check-packages.ts';

/** A package imports packages of lower layers, and none of its own layer. The lowest comes first. */
export const layers: Layers = [
  ['packages/explained-error', 'packages/checksum', 'packages/redact', 'packages/iam-policy'],
  [
    'packages/provenance',
    'packages/outbound',
    'packages/confined-process',
    'packages/file-lock',
    'packages/image-headers',
  ],
  ['packages/aws-call', 'packages/disk-blocks', 'packages/sample-image'],
  [
    'packages/fetch',
    'packages/convert',
    'packages/s3-upload',
    'packages/ec2-import',
    'packages/ebs-direct',
    'packages/publish',
    'packages/janitor',
    // The emulator knows nothing of the tool, and the tool's verbs nothing of it.
    'packages/local-aws',
  ],
  ['packages/cli'],
  ['bench'],
];

/** What the tests of every package may import, whatever its layer. */
export const forTests = ['packages/local-aws', 'packages/sample-image'];

/** No rung of the ladder imports another: only the ladder knows their order. */
export const unconnected = ['packages/cli/src/pipeline/rungs'];
