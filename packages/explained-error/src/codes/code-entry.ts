/** What a code means, wherever it appears, and what to do about it: sentences, as documentation and `explain` print them. */
export interface CodeEntry {
  readonly means: string;
  readonly remedy: string;
}

export type CodeTable = Readonly<Record<string, CodeEntry>>;
