import type { ObjectPlace, S3Options } from './call/s3.ts';
import type { UploadableDisk } from './disk/disk.ts';
import type { PartMemory } from './disk/part-memory.ts';
import type { WantedObject } from './object/judge-object.ts';
import type { StoredObject } from './object/stored-object.ts';

/** How S3 is to encrypt an object. */
export interface ServerSideEncryption {
  readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  /** Id, ARN or alias. Default: the bucket's, or AWS's own key. */
  readonly kmsKeyId?: string;
}

export interface UploadDiskOptions extends S3Options, ObjectPlace, WantedObject {
  readonly disk: UploadableDisk;
  /** The object's: provenance, with `-` for `:`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Default: as the bucket has it. */
  readonly sse?: ServerSideEncryption;
  /** Reuse nothing that is in S3: neither an object of this digest nor an open upload. */
  readonly fresh?: boolean;
  /** Awaited once every part is there; where it rejects, the upload is not completed, and rejects with the same. */
  readonly beforeComplete?: () => Promise<unknown>;
  /** `always`: read the whole object back even where S3 reports the right checksum. Default `when-unproven`. */
  readonly readBack?: 'always' | 'when-unproven';
  /** In bytes, a whole number of MiB; grows where the disk needs more than 10,000 parts. Default 8 MiB. */
  readonly partSize?: number;
  /** Parts under way at once, each in memory; fewer where parts are larger than the default. Default 5: with four, two cores wait for each other now and then. */
  readonly concurrency?: number;
  /** Shared by uploads of disks that are made, whose parts wait for it. Default: as much as `concurrency` asks for. */
  readonly memory?: PartMemory;
  /** Where to note that an open upload is this machine's own; false for nowhere. Default `<disk.path>.upload`. */
  readonly journalPath?: string | false;
  /** What makes the disk, with its version: its parts and those of another one do not get into one upload. */
  readonly converter?: string;
  /** How long an upload that another machine began must have been idle to be taken over. Default 15 minutes. */
  readonly adoptAfterMs?: number;
  /** Attempts at an upload: another one where what was stored is corrupt, or something else ended it. Default 3. */
  readonly attempts?: number;
  /** Of one part, the SDK's retries included. Default 5 minutes. */
  readonly partTimeoutMs?: number;
  /** Of the completion, which S3 may take minutes for. Default 15 minutes. */
  readonly completeTimeoutMs?: number;
  /** In bytes that are in S3. No total while the disk grows. */
  readonly onProgress?: (progress: { readonly done: number; readonly total?: number }) => void;
}

/** An object in its place, and how it came there. */
export interface Placed extends StoredObject {
  /** `uploaded` and `resumed` by this call; `found` was there before, `adopted` was completed by another run meanwhile. */
  readonly outcome: 'uploaded' | 'resumed' | 'found' | 'adopted';
}

export interface UploadedObject extends Placed {
  /** What this call put, in all its attempts. */
  readonly bytesSent: number;
}
