import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { awsCodeOf } from '@ec2-image/aws-call';
import type { Address, S3 } from '../call/s3.ts';

/** An upload that is neither completed nor aborted. */
export interface OpenUpload {
  readonly uploadId: string;
  readonly initiated: Date | undefined;
  /** Undefined where the service does not say. */
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: string | undefined;
}

export interface ListedPart {
  readonly size: number;
  readonly etag: string;
  /** CRC32; undefined where the service does not say. */
  readonly checksum: string | undefined;
  readonly lastModified: Date | undefined;
}

/** The parts that S3 holds, by number. */
export type ListedParts = ReadonlyMap<number, ListedPart>;

/** Every open upload of exactly this key. */
export async function listOpenUploads(s3: S3, { Key, ...bucket }: Address): Promise<OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  for (;;) {
    const page = await s3.send(
      new ListMultipartUploadsCommand({ ...bucket, Prefix: Key, KeyMarker, UploadIdMarker }),
    );
    for (const upload of page.Uploads ?? []) {
      if (upload.Key !== Key || upload.UploadId === undefined) continue;
      uploads.push({
        uploadId: upload.UploadId,
        initiated: upload.Initiated,
        checksumAlgorithm: upload.ChecksumAlgorithm,
        checksumType: upload.ChecksumType,
      });
    }
    const stuck = page.NextKeyMarker === KeyMarker && page.NextUploadIdMarker === UploadIdMarker;
    if (!page.IsTruncated || stuck) return uploads;
    KeyMarker = page.NextKeyMarker;
    UploadIdMarker = page.NextUploadIdMarker;
  }
}

/** Undefined where the upload no longer exists. */
export async function listParts(
  s3: S3,
  address: Address,
  uploadId: string,
): Promise<ListedParts | undefined> {
  const parts = new Map<number, ListedPart>();
  let PartNumberMarker: string | undefined;
  for (;;) {
    const page = await listPage(s3, { ...address, UploadId: uploadId, PartNumberMarker });
    if (!page) return undefined;
    for (const { PartNumber, Size = 0, ETag = '', ChecksumCRC32, LastModified } of page.Parts ?? []) {
      if (PartNumber === undefined) continue;
      parts.set(PartNumber, { size: Size, etag: ETag, checksum: ChecksumCRC32, lastModified: LastModified });
    }
    const next = page.NextPartNumberMarker;
    if (!page.IsTruncated || next === undefined || next === PartNumberMarker) return parts;
    PartNumberMarker = next;
  }
}

async function listPage(s3: S3, input: ConstructorParameters<typeof ListPartsCommand>[0]) {
  try {
    return await s3.send(new ListPartsCommand(input));
  } catch (error) {
    if (awsCodeOf(error) === 'NoSuchUpload') return undefined;
    throw error;
  }
}

/** Parts of it that are just arriving may outlive the call: look again. */
export async function abortUpload(s3: S3, address: Address, uploadId: string): Promise<void> {
  try {
    await s3.send(new AbortMultipartUploadCommand({ ...address, UploadId: uploadId }));
  } catch (error) {
    if (awsCodeOf(error) !== 'NoSuchUpload') throw error;
  }
}
