import type { DiskFormat } from '@ec2-image/provenance';
import type { ServerSideEncryption } from '@ec2-image/s3-upload';
import { UsageError } from '../errors/cli-error.ts';
import type { ImageSettings } from '../options/table.ts';

/** Reads a setting, from wherever it is given. */
export type Setting = <K extends keyof ImageSettings>(key: K) => ImageSettings[K];

export const defaultKeyPrefix = 'ec2-image/';

/** What only an import by way of S3 uses. */
export interface S3Settings {
  readonly bucket?: string;
  readonly bucketOwner?: string;
  readonly format: DiskFormat;
  readonly keyPrefix: string;
  /** Of the uploaded object; undefined: as the bucket has it. */
  readonly sse?: ServerSideEncryption;
  readonly roleName?: string;
  readonly importAttempts?: number;
  readonly importTimeoutMs?: number;
  readonly keepObject: boolean;
}

/** Nobody else needs variables for them. */
export function s3Settings(setting: Setting): S3Settings {
  return {
    bucket: setting('bucket'),
    bucketOwner: setting('bucket-owner'),
    format: setting('format') ?? withoutS3.format,
    keyPrefix: setting('key-prefix') ?? withoutS3.keyPrefix,
    sse: sseOf(setting),
    roleName: setting('role-name'),
    importAttempts: setting('import-attempts'),
    importTimeoutMs: milliseconds(setting('import-timeout')),
    keepObject: setting('keep-object') ?? withoutS3.keepObject,
  };
}

/** @throws UsageError where a key is given for an encryption without one */
function sseOf(setting: Setting): ServerSideEncryption | undefined {
  const [algorithm, kmsKeyId] = [setting('sse'), setting('sse-kms-key')];
  if (kmsKeyId === undefined) return algorithm && { algorithm };
  if (algorithm === 'AES256') {
    throw new UsageError('USAGE', '--sse AES256 and --sse-kms-key are mutually exclusive', {
      hint: 'Specify only one, or --sse aws:kms.',
    });
  }
  return { algorithm: algorithm ?? 'aws:kms', kmsKeyId };
}

/** Of an import without S3. */
export const withoutS3 = {
  format: 'vhdx',
  keyPrefix: defaultKeyPrefix,
  keepObject: false,
} satisfies S3Settings;

export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
