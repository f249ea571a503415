import type { Kind } from '../kinds/kind.ts';

/** What a command takes besides options. */
export interface Operands {
  readonly metavar: string;
  readonly min: number;
  readonly max: number;
  /** As errors name one: `an AMI id`. */
  readonly what: string;
  readonly kind?: Kind<string>;
  /** What a shell offers for one: these words, or all of that sort. */
  readonly completes?: readonly string[] | 'image' | 'error-code';
}

export interface CommandSpec {
  /** One line of the list of commands. */
  readonly summary: string;
  /** Paragraphs of its own help. */
  readonly details: readonly string[];
  readonly operands?: Operands;
  /** The same command resumes what an earlier run left unfinished. */
  readonly resumes?: boolean;
  readonly examples: readonly (readonly [title: string, command: string])[];
}
