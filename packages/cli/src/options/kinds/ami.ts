import { amiNamePlaceholders, placeholdersOf } from '@ec2-image/provenance';
import { redactValue } from '@ec2-image/redact';
import { z } from 'zod';
import { didYouMean } from '../suggest.ts';
import { expected, type Kind, show, single } from './kind.ts';
import { structured } from './maps.ts';
import { shaped } from './text.ts';

/** Text with placeholders such as `{name}`; whether EC2 accepts the name is known once they are filled in. */
export const amiNameTemplate: Kind<string> = single({
  metavar: 'TEMPLATE',
  schema: z
    .string(expected('a template such as {name}-{arch}-{date}'))
    .min(1, 'expected a template such as {name}-{arch}-{date}')
    .superRefine((template, context) => {
      const known: readonly string[] = amiNamePlaceholders;
      const unknown = placeholdersOf(template).find((word) => !known.includes(word));
      if (unknown === undefined) return;
      const list = amiNamePlaceholders.map((word) => `{${word}}`).join(', ');
      context.addIssue(
        `unknown placeholder {${redactValue(unknown)}}${didYouMean(unknown, known)}; there are ${list}`,
      );
    }),
  jsonSchema: { type: ['string', 'number'], minLength: 1 },
});

/** RegisterImage, `UefiData`: characters of base64. */
const maxUefiData = 64_000;

/** Base64, without the line breaks and spaces that it was given with. */
export const uefiData: Kind<string> = single({
  metavar: 'BASE64',
  schema: z.string({ error: 'expected base64' }).transform((text, context) => {
    const data = text.replace(/\s+/g, '');
    const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(data);
    if (data === '' || !isBase64) context.addIssue('expected base64, as uefivars prints it');
    else if (data.length > maxUefiData)
      context.addIssue(`expected at most ${maxUefiData} characters of base64, not ${data.length}`);
    return data;
  }),
  jsonSchema: { type: 'string', minLength: 4 },
});

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
const devicePattern = /^\/dev\/(?:(?:sd|hd)[a-z](?:1[0-5]|[1-9])?|xvd[a-z]{1,2}(?:1[0-5]|[1-9])?)$/;
const deviceWords = 'a device name such as /dev/sda1 or /dev/xvdb';

export const deviceName = shaped('DEVICE', devicePattern, deviceWords);

export const volumeTypes = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard'] as const;
export type VolumeType = (typeof volumeTypes)[number];

/** Of every type there is; what one type allows, `config/volume-rules.ts` says. */
export const volumeLimits = { sizeGiB: 65_536, iops: 256_000, throughput: 2_000 } as const;

const wholeNumber = (max: number) => {
  const what = (input: unknown) => `expected a whole number from 1 to ${max}, not ${show(input)}`;
  const error = { error: ({ input }: { readonly input?: unknown }) => what(input) };
  return z.int(error).min(1, error).max(max, error);
};

const device = z.strictObject(
  {
    device: z.string(expected(deviceWords)).regex(devicePattern, expected(deviceWords)),
    size: wholeNumber(volumeLimits.sizeGiB).optional(),
    type: z.enum(volumeTypes, expected(`a volume type: ${volumeTypes.join(', ')}`)).optional(),
    iops: wholeNumber(volumeLimits.iops).optional(),
    throughput: wholeNumber(volumeLimits.throughput).optional(),
    snapshot: z
      .string(expected('a snapshot id'))
      .regex(/^snap-[0-9a-f]{8,17}$/, expected('a snapshot id'))
      .optional(),
    encrypt: z.boolean(expected('true or false')).optional(),
    'delete-on-termination': z.boolean(expected('true or false')).optional(),
    'virtual-name': z
      .string(expected('ephemeral0 to ephemeral23'))
      .regex(/^ephemeral(?:1?\d|2[0-3])$/, expected('ephemeral0 to ephemeral23'))
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys[0]} of a device`
        : expected('a mapping with device and size, snapshot or virtual-name').error(issue),
  },
);

/** A device of the AMI besides its root device; sizes in GiB, throughput in MiB/s. */
export type DeviceSetting = z.output<typeof device>;

export const devices: Kind<DeviceSetting[]> = structured({
  schema: z.array(device, expected('a list of devices')),
  jsonSchema: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['device'],
      properties: {
        device: { type: 'string', pattern: devicePattern.source },
        size: { type: 'integer', minimum: 1, maximum: volumeLimits.sizeGiB },
        type: { enum: [...volumeTypes] },
        iops: { type: 'integer', minimum: 1, maximum: volumeLimits.iops },
        throughput: { type: 'integer', minimum: 1, maximum: volumeLimits.throughput },
        snapshot: { type: 'string', pattern: '^snap-[0-9a-f]{8,17}$' },
        encrypt: { type: 'boolean' },
        'delete-on-termination': { type: 'boolean' },
        'virtual-name': { type: 'string', pattern: '^ephemeral(1?\\d|2[0-3])$' },
      },
    },
  },
});
