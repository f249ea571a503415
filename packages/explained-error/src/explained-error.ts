import type { ErrorCode } from './error-codes.ts';

/** The facts of an error, shown to the user and carried as the error's own fields. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Explanation {
  /** What the user can do next: one sentence, imperative. */
  readonly hint: string;
  /**
   * Work that was done is kept, and the same call would continue from it. Whether a command does so is for the command
   * to say: the hint promises nothing about it. Default false.
   */
  readonly resumable?: boolean;
  readonly cause?: unknown;
  /** Become fields of the error; must hold no secrets. */
  readonly facts?: Facts;
}

/**
 * An error a user can meet. Packages derive a class of their own, so that its origin shows in `name`.
 *
 * `code` is stable and upper case: scripts match on it. `message` says what happened, with the facts in it.
 */
export class ExplainedError extends Error {
  override name = 'ExplainedError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly resumable: boolean;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, { hint, resumable = false, cause, facts = {} }: Explanation) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.resumable = resumable;
    this.facts = facts;
    Object.defineProperties(
      this,
      Object.fromEntries(
        Object.entries(facts)
          .filter(([key]) => !(key in this))
          .map(([key, value]) => [key, { value, enumerable: true }]),
      ),
    );
  }
}

/** Told by shape, not by class: two copies of a package in one tree still understand each other. */
export function isExplained(error: unknown): error is ExplainedError {
  return (
    error instanceof Error &&
    typeof (error as Partial<ExplainedError>).code === 'string' &&
    typeof (error as Partial<ExplainedError>).hint === 'string'
  );
}
