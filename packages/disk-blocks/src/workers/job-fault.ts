import type { Fault } from './jobs.ts';

/** Ends a job with a reason that is not a failure of the worker. */
export class JobFault extends Error {
  override name = 'JobFault';
  readonly fault: Fault;

  constructor(kind: Fault['kind'], message: string, fileOffset = 0) {
    super(message);
    this.fault = { kind, message, fileOffset };
  }
}
