import { accountCodes } from './codes/account-codes.ts';
import { awsCodes } from './codes/aws-codes.ts';
import type { CodeEntry } from './codes/code-entry.ts';
import { diskCodes } from './codes/disk-codes.ts';
import { downloadCodes } from './codes/download-codes.ts';
import { imageCodes } from './codes/image-codes.ts';
import { machineCodes } from './codes/machine-codes.ts';
import { networkCodes } from './codes/network-codes.ts';
import { signatureCodes } from './codes/signature-codes.ts';
import { usageCodes } from './codes/usage-codes.ts';

/** Every code that an error of any package can have, by what it is about: a code means the same wherever it appears. */
export const errorCodeGroups = {
  'Command line and configuration': usageCodes,
  'Downloads and checksums': downloadCodes,
  'Keyrings and signatures': signatureCodes,
  'Proxies and certificates': networkCodes,
  Images: imageCodes,
  'Conversion and disks': diskCodes,
  'AWS calls': awsCodes,
  'Buckets, snapshots and AMIs': accountCodes,
  'This machine': machineCodes,
} as const;

export type ErrorCode =
  | keyof typeof usageCodes
  | keyof typeof downloadCodes
  | keyof typeof signatureCodes
  | keyof typeof networkCodes
  | keyof typeof imageCodes
  | keyof typeof diskCodes
  | keyof typeof awsCodes
  | keyof typeof accountCodes
  | keyof typeof machineCodes;

export const errorCodes: Readonly<Record<ErrorCode, CodeEntry>> = {
  ...usageCodes,
  ...downloadCodes,
  ...signatureCodes,
  ...networkCodes,
  ...imageCodes,
  ...diskCodes,
  ...awsCodes,
  ...accountCodes,
  ...machineCodes,
};

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

/** Whether it says that the image cannot be taken as it is, so that what was sent of it is good for nothing. */
export function isImageCode(text: string): boolean {
  return Object.hasOwn(imageCodes, text);
}
