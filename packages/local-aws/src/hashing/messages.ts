import type { Digests, WantedDigests } from './digester.ts';

/** To a thread, about a body; one that gives it up has no answer. */
export interface Request {
  readonly body: number;
  /** With the first request about a body. */
  readonly wanted?: WantedDigests;
  /** Read before the answer, from the beginning of the buffer. */
  readonly piece?: { readonly buffer: SharedArrayBuffer; readonly length: number };
  /** The descriptor of a file that the piece is written to, behind what is there. */
  readonly fd?: number;
  /** The digests are the answer. Default false. */
  readonly isLast?: boolean;
  /** Default false. */
  readonly isGivenUp?: boolean;
}

/** In the order of the requests. */
export interface Answer {
  readonly digests?: Digests;
  /** Why the piece could not be written. */
  readonly failure?: { readonly message: string; readonly code?: string };
}
