import type { RegionalClients } from '../clients.ts';
import type { Waiting } from '../wait.ts';

export interface RemovalOptions extends Waiting {
  readonly clients: RegionalClients;
  readonly account: string;
}

/** What came of removing one thing. */
export type Removal =
  /** A read confirmed that it is no more. */
  | { readonly outcome: 'deleted'; readonly detail?: string }
  /** Somebody else was faster: as good. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'skipped'; readonly detail: string };
