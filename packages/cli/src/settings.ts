import type { ConnectionOptions } from './aws/clients.ts';
import type { ConfigFile } from './config/read-config.ts';
import type { RunLog } from './run-log.ts';

/** What was asked of every command alike, flags, environment and file put together. */
export interface CommonSettings {
  readonly file?: ConfigFile;
  readonly workDirectory: string;
  readonly local: boolean;
  readonly connection: ConnectionOptions;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}
