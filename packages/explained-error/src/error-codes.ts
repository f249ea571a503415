import { accountCodes } from './codes/account-codes.ts';
import { awsCodes } from './codes/aws-codes.ts';
import type { CodeEntry } from './codes/code-entry.ts';
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
  'Images and disks': imageCodes,
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
  | keyof typeof awsCodes
  | keyof typeof accountCodes
  | keyof typeof machineCodes;

export const errorCodes: Readonly<Record<ErrorCode, CodeEntry>> = {
  ...usageCodes,
  ...downloadCodes,
  ...signatureCodes,
  ...networkCodes,
  ...imageCodes,
  ...awsCodes,
  ...accountCodes,
  ...machineCodes,
};

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

/** Whether it says that the image, or the disk made of it, cannot be taken. */
export function isImageCode(text: string): boolean {
  return Object.hasOwn(imageCodes, text);
}
