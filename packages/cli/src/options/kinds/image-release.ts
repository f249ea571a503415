import { redactUrl } from '@ec2-image/redact';
import { z } from 'zod';
import { expected, type Kind, show, single } from './kind.ts';
import { shaped } from './text.ts';

/** Each is text: 24.10 is not the number 24.1. */
export const fedoraRelease = shaped(
  'RELEASE',
  /^(?:\d{1,3}|[Rr]awhide)$/,
  'a release of Fedora such as 43, or rawhide',
);

export const debianRelease = shaped(
  'RELEASE',
  /^(?:\d{1,2}|[a-z]{3,20})(?:-daily)?$/,
  'a release of Debian such as 13, trixie, sid or 13-daily',
);

export const ubuntuRelease = shaped(
  'RELEASE',
  /^(?:\d{1,2}\.\d{2}|[a-z]{3,20})(?:-daily)?$/,
  'a release of Ubuntu such as 26.04, noble, lts or 26.04-daily',
);

/** It becomes a part of a file's name. */
export const imageVariant = shaped(
  'VARIANT',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  'a variant such as genericcloud: letters, digits and ._-',
);

const what = 'an http or https URL with a * in its path, and without a query';
const shown = (input: unknown) => show(typeof input === 'string' ? redactUrl(input) : input);

/** A URL in whose path `*` stands for any characters. */
export const urlPattern: Kind<string> = single({
  metavar: 'PATTERN',
  schema: z
    .string(expected(what, { shown }))
    .regex(/^https?:\/\/[^/?#\s]+\/[^?#]*[*[][^?#]*$/i, expected(what, { shown })),
  jsonSchema: { type: 'string', pattern: '^https?://[^?#]*[*[][^?#]*$' },
  write: (url) => redactUrl(url),
});
