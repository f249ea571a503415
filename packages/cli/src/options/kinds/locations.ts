import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redactUrl } from '@ec2-image/redact';
import { z } from 'zod';
import { expected, type Kind, show, single } from './kind.ts';

const shown = (input: unknown) => show(typeof input === 'string' ? redactUrl(input) : input);

/** Without the secrets that a URL may hold; in a path and in the key of an object, `?` and `#` are characters of its names. */
export const redactSource = (value: string) =>
  isUrl(value) && !/^s3:/i.test(value) ? redactUrl(value) : value;

/** An http or https URL. */
export const httpUrl: Kind<string> = single({
  metavar: 'URL',
  schema: z
    .string(expected('an http or https URL', { shown }))
    .refine(
      (url) => /^https?:\/\/./i.test(url) && URL.canParse(url),
      expected('an http or https URL', { shown }),
    ),
  jsonSchema: { type: 'string', format: 'uri', pattern: '^https?://' },
});

/** Of a service whose requests are signed. It is shown in hints, and a password in it would be of no use. */
export const endpoint: Kind<string> = {
  ...httpUrl,
  schema: httpUrl.schema.refine(
    (url) => !URL.canParse(url) || !hasUserInfo(new URL(url)),
    expected('a URL without a user name and password', {
      shown: (input) => `one that has them before ${shown(input)}`,
    }),
  ),
};

const hasUserInfo = ({ username, password }: URL) => username !== '' || password !== '';

/**
 * A file or directory of this machine.
 *
 * @param options.isWritten to stdout goes the result of a command alone: `-` does not stand for it
 */
export function path({
  metavar = 'FILE',
  isWritten = false,
}: {
  readonly metavar?: string;
  readonly isWritten?: boolean;
} = {}): Kind<string> {
  return single({
    metavar,
    schema: z
      .string(expected('a path'))
      .min(1, 'expected a path')
      .refine((name) => !name.includes('\0'), 'a path has no NUL character')
      .refine(
        (name) => !isWritten || name !== '-',
        'expected a file, not stdout, which has the result alone; ./- names a file called -',
      ),
    jsonSchema: { type: 'string', minLength: 1, ...(isWritten && { not: { const: '-' } }) },
    completes: metavar === 'DIR' ? 'directory' : 'file',
    locate: (name, directory) => ({ value: resolve(directory, name) }),
  });
}

const sourceWords = 'an http, https or s3 URL, or a path';

/** Where something can be read from: an http, https, `s3://bucket/key` or `file:` URL, or a path. */
export const source: Kind<string> = single({
  metavar: 'URL',
  schema: z
    .string(expected(sourceWords, { shown }))
    .trim()
    .min(1, `expected ${sourceWords}`)
    .refine(isSource, expected(sourceWords, { shown })),
  jsonSchema: { type: 'string', minLength: 1 },
  completes: 'file',
  locate(value, directory) {
    if (isUrl(value)) return { value };
    const file = resolve(directory, value);
    return looksLikeHost(value) && !existsSync(file)
      ? {
          problem: `there is no file ${show(value)}; if this is a URL, write https://${redactUrl(value)}`,
        }
      : { value: file };
  },
  write: redactSource,
});

export function isUrl(value: string): boolean {
  return /^(https?:|s3:|file:|[a-z][a-z0-9+.-]*:\/\/)/i.test(value);
}

function isSource(value: string): boolean {
  if (value.includes('\0')) return false;
  if (/^file:/i.test(value)) return isFileUrl(value);
  if (/^s3:/i.test(value)) return /^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\/./is.test(value);
  return isUrl(value) ? /^https?:\/\/./i.test(value) && URL.canParse(value) : true;
}

function isFileUrl(value: string): boolean {
  try {
    return fileURLToPath(value) !== '';
  } catch {
    return false;
  }
}

/** `example.org`, `example.org/disk.qcow2`, `mirror:8000/disk.qcow2`: the scheme is missing, unless there is such a file. */
function looksLikeHost(value: string): boolean {
  return (
    /^(localhost|([a-z0-9-]+\.)+[a-z]{2,}|\d{1,3}(\.\d{1,3}){3})\/./i.test(value) ||
    /^[a-z0-9.-]+:\d{1,5}(\/|$)/i.test(value) ||
    /^([a-z0-9-]+\.)+(com|edu|gov|io|net|org)$/i.test(value)
  );
}
