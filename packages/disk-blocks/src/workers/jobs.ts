/** What the main thread and the workers send each other; everything survives a structured clone. */

export interface FillJob {
  readonly kind: 'fill';
  /** Open for reading in this process. */
  readonly fd: number;
  readonly clusterSize: number;
  readonly buffer: SharedArrayBuffer;
  /** Of the result, in bytes. */
  readonly length: number;
  /** Rows of `pieces.ts`. */
  readonly pieces: Float64Array;
  readonly crc32: boolean;
  readonly sha256: boolean;
}

export interface FillResult {
  readonly crc32?: number;
  /** 32 bytes for each block. */
  readonly digests?: Uint8Array<ArrayBuffer>;
}

export interface DeflateJob {
  readonly kind: 'deflate';
  readonly fd: number;
  readonly clusterSize: number;
  /** Of a unit, in bytes. */
  readonly unitBytes: number;
  /** Of zlib, for what is not deflated in the file. */
  readonly level: number;
  /** Left free in front of each stream, in bytes. */
  readonly leadBytes: number;
  /** Each stream, with what is in front of it, is filled up with zeros to a multiple of this. */
  readonly alignBytes: number;
  /** For the streams: as long as they can be. */
  readonly buffer: SharedArrayBuffer;
  /** The pieces of each unit. What they do not cover is zeros. */
  readonly units: readonly Float64Array[];
}

export interface DeflateResult {
  /** Of each unit's stream; 0 where the unit is all zeros. The streams are in the job's buffer, one after the other. */
  readonly lengths: readonly number[];
  /** CRC32 of what the streams hold. */
  readonly sums: readonly number[];
}

export interface ScanJob {
  readonly kind: 'scan';
  readonly fd: number;
  readonly clusterSize: number;
  readonly pieces: Float64Array;
  /** Of what the pieces cover, in bytes. */
  readonly length: number;
  readonly unitBytes: number;
}

export interface ScanResult {
  /** For each unit: 0 where it is all zeros. */
  readonly holds: Uint8Array<ArrayBuffer>;
}

export interface DigestJob {
  readonly kind: 'digest';
  /** One block. */
  readonly buffer: SharedArrayBuffer;
}

export interface DigestResult {
  /** SHA-256. */
  readonly digest: Uint8Array<ArrayBuffer>;
}

export interface ChecksumJob {
  readonly kind: 'checksum';
  readonly fd: number;
  /** In the file, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** Takes the bytes, from its beginning; without it they are only read. */
  readonly buffer?: SharedArrayBuffer | undefined;
  /** The CRC32 of what comes before, which the result continues. */
  readonly crc32: number;
}

export interface ChecksumResult {
  /** Fewer than asked for where the file ends. */
  readonly bytesRead: number;
  readonly crc32: number;
}

export type Job = FillJob | DeflateJob | ScanJob | DigestJob | ChecksumJob;

interface Results {
  readonly fill: FillResult;
  readonly deflate: DeflateResult;
  readonly scan: ScanResult;
  readonly digest: DigestResult;
  readonly checksum: ChecksumResult;
}

export type Result<J extends Job> = Results[J['kind']];

/** Why a job cannot be done. Not a failure of the worker. */
export interface Fault {
  /** `damaged`: a cluster does not decompress; `short`: the file ends too early; `unreadable`: the system cannot read it. */
  readonly kind: 'damaged' | 'short' | 'unreadable' | 'cancelled';
  readonly message: string;
  /** In the file, in bytes. */
  readonly fileOffset: number;
}

export interface Request {
  readonly id: number;
  readonly job: Job;
}

export type Outcome<J extends Job> =
  | { readonly result: Result<J>; readonly fault?: undefined }
  | { readonly result?: undefined; readonly fault: Fault };

export type Answer = { readonly id: number } & Outcome<Job>;

export interface WorkerData {
  /** One 32-bit number, not 0 once the job at hand is no longer wanted. */
  readonly cancelled: SharedArrayBuffer;
}
