/** What the main thread and the workers send each other; everything survives a structured clone. */

export interface FillJob {
  /** Open for reading in this process. */
  readonly fd: number;
  readonly clusterSize: number;
  readonly buffer: ArrayBuffer;
  /** Of the result, in bytes. */
  readonly length: number;
  /** Rows of `pieces.ts`. */
  readonly pieces: Float64Array;
  readonly crc32: boolean;
  readonly sha256: boolean;
}

export interface FillResult {
  readonly buffer: ArrayBuffer;
  readonly crc32?: number;
  /** 32 bytes for each block. */
  readonly digests?: Uint8Array<ArrayBuffer>;
}

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
  readonly job: FillJob;
}

export type Answer =
  | { readonly id: number; readonly result: FillResult }
  | { readonly id: number; readonly fault: Fault };

export interface WorkerData {
  /** One 32-bit number, not 0 once the job at hand is no longer wanted. */
  readonly cancelled: SharedArrayBuffer;
}
