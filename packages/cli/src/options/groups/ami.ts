import { z } from 'zod';
import { kmsKey } from '../kinds/kms-key.ts';
import { mapOf, tags } from '../kinds/maps.ts';
import { boolean, oneOf, text } from '../kinds/text.ts';
import { option } from '../option.ts';

export const bootModes = ['legacy-bios', 'uefi', 'uefi-preferred'] as const;

/** What the AMI is called and says of itself. */
export const amiOptions = {
  suffix: option({
    kind: text({ empty: true }),
    help: 'End of the AMI name',
    default: "the first 12 hex digits of the image's digest",
    group: 'ami',
    commands: ['import', 'tag-fix'],
    in: 'both',
    variants: {
      'tag-fix': {
        help: 'End of the names of the given AMIs, <name>-i<suffix>',
        default: undefined,
        group: 'tags',
        environment: false,
      },
    },
  }),
  'boot-mode': option({
    kind: oneOf(bootModes, { metavar: 'MODE' }),
    help: `Boot mode of the AMI: ${bootModes.join(', ')}`,
    default: 'that of the instance type',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  encrypt: option({
    kind: boolean,
    help: "Encrypt the snapshot (with the account's default key for EBS unless --kms-key names another)",
    default: 'as the account does by default',
    group: 'ami',
    commands: ['import', 'doctor'],
    in: 'both',
    variants: { doctor: { group: 'checks' } },
  }),
  'kms-key': option({
    kind: kmsKey,
    help: 'KMS key of an encrypted snapshot: its ARN, id or alias. A mapping by region in the file, or as JSON',
    group: 'ami',
    commands: ['import', 'doctor', 'iam-policy'],
    in: 'both',
    variants: { doctor: { group: 'checks' }, 'iam-policy': { group: 'policy' } },
  }),
  tag: option({
    kind: tags,
    help: 'Tag for the AMI, its snapshot and the import task; repeatable. A mapping in the file',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  amis: option({
    kind: mapOf({ key: z.string(), value: z.string() }),
    help: 'AMIs that earlier runs made, by region; written by ec2-image, for people to read',
    group: 'ami',
    commands: [],
    in: 'image',
  }),
};
