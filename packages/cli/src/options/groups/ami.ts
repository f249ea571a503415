import { z } from 'zod';
import { amiNameTemplate, uefiData } from '../kinds/ami.ts';
import { kmsKey } from '../kinds/kms-key.ts';
import { mapOf, tags } from '../kinds/maps.ts';
import { boolean, oneOf, text } from '../kinds/text.ts';
import { option } from '../option.ts';
import { volumeOptions } from './volume.ts';

/** `auto` inspects the image; `none` leaves it unset. */
const bootModes = ['auto', 'legacy-bios', 'uefi', 'uefi-preferred', 'none'] as const;
const versions = ['v2.0', 'none'] as const;
/** In EC2's own words. */
const protections = ['enabled-without-cooldown', 'enabled-with-cooldown', 'disabled'] as const;

/** What the AMI is called and says of itself. */
export const amiOptions = {
  suffix: option({
    kind: text({ empty: true }),
    help: 'End of the AMI name',
    default: "the first 12 hex digits of the image's digest",
    group: 'ami',
    commands: ['import', 'publish', 'tag-fix'],
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
  'ami-name': option({
    kind: amiNameTemplate,
    help: 'Name of the AMI; {name}, {suffix}, {arch}, {date} (UTC, of the run that began the image) and {digest} (12 digits) are filled in',
    default: '{name}-i{suffix}',
    group: 'ami',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  description: option({
    kind: text({ max: 255, empty: true }),
    help: 'Description of the AMI',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'boot-mode': option({
    kind: oneOf(bootModes, { metavar: 'MODE' }),
    help: `Boot mode of the AMI: ${bootModes.join(', ')}`,
    default: 'auto: what the image can be booted by',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  tpm: option({
    kind: oneOf(versions, { aliases: { '2.0': 'v2.0' } }),
    help: 'NitroTPM for instances of the AMI; requires boot-mode uefi, or auto',
    default: 'none',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  imds: option({
    kind: oneOf(versions, { aliases: { '2.0': 'v2.0' } }),
    help: 'Require IMDSv2 on instances of the AMI; cannot be undone',
    default: 'none',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'uefi-data': option({
    kind: uefiData,
    help: 'UEFI variables of the AMI, in base64, as uefivars prints them',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  ...volumeOptions,
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
  'ami-tag': option({
    kind: tags,
    help: 'Tag for the AMI alone; repeatable. A mapping in the file',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'snapshot-tag': option({
    kind: tags,
    help: 'Tag for the snapshot alone; repeatable. A mapping in the file',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'own-snapshot': option({
    kind: boolean,
    help: 'Give the AMI a snapshot that no other AMI of the account uses: a copy, where that of the image was made for another',
    default: 'AMIs of one image share a snapshot',
    group: 'ami',
    commands: ['import', 'doctor', 'iam-policy'],
    in: 'both',
    variants: {
      doctor: { help: 'Check what copies of snapshots need, too', group: 'checks' },
      'iam-policy': { help: 'Whether import copies snapshots that other AMIs use', group: 'policy' },
    },
  }),
  'deregistration-protection': option({
    kind: oneOf(protections, { metavar: 'MODE' }),
    help: `Protect the AMI from deregistration: ${protections.join(', ')}`,
    default: 'as it is',
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
