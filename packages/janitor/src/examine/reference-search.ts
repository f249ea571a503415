import type { RegionalClients } from '../clients.ts';

export interface ReferenceSearch {
  readonly clients: RegionalClients;
  readonly region: string;
  readonly imageIds: readonly string[];
  readonly signal?: AbortSignal;
}
