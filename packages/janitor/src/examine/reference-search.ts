import type { Senders } from '../senders.ts';

export interface ReferenceSearch {
  readonly senders: Senders;
  readonly region: string;
  readonly imageIds: readonly string[];
}
