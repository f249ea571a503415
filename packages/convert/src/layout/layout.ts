import type { Extent } from '@ec2-image/disk-blocks';
import type { Identity } from './identity.ts';
import type { Present } from './present.ts';

/** Bytes of the file that are not the disk's. */
export interface Literal {
  /** Where they begin, in bytes from the beginning of the range asked for. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A stretch of the disk, in bytes. */
export interface DiskPiece extends Extent {
  /** Its place in the range asked for. */
  readonly at: number;
}

export type Piece = Literal | DiskPiece;

/** How the file holds the blocks of the disk that are present: one behind the other, in the disk's order. */
export interface BlockPlaces {
  /** Where the first one begins in the file, in bytes. */
  readonly at: number;
  readonly sizeBytes: number;
  /** What precedes the data of each. */
  readonly lead?: Uint8Array;
}

/** Every byte of a disk file, before any of it is written. */
export interface DiskLayout {
  readonly blocks: BlockPlaces;
  /** Of the file, in bytes. */
  readonly fileSize: number;
  /** What makes up a range of the file, in order and without overlap. Bytes that no piece covers are zeros. */
  pieces(range: Extent): Iterable<Piece>;
}

/** What a format's plan is made from. */
export interface PlanOptions {
  readonly identity: Identity;
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
  readonly present: Present;
}
