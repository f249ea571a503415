import type { ConnectionOptions } from './aws/connection.ts';
import type { ConfigFile } from './config/read-config.ts';
import type { RunLog } from './run-log.ts';

/** What was asked of every command alike, flags, environment and file put together. */
export interface CommonSettings {
  readonly file?: ConfigFile;
  /** The file that --config or EC2_IMAGE_CONFIG names; undefined where it was found. */
  readonly configFlag?: string;
  readonly workDirectory: string;
  readonly local: boolean;
  readonly connection: ConnectionOptions;
  /** Continue where STS does not say whose account this is. */
  readonly allowUnknownAccount: boolean;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}
