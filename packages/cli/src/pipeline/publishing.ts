import type { LimitFunction } from 'p-limit';
import type { Cloud } from '../aws/cloud.ts';
import type { RequestedImport } from '../config/import-request.ts';

/** What a run that publishes has beside its images. */
export interface PublishMeans {
  readonly openRegion: (request: RequestedImport, region: string) => Promise<Cloud>;
  /** Bounds the copies that a region makes at a time, over all images. */
  readonly copies: (region: string) => LimitFunction;
  /**
   * Before an AMI is copied: where it goes to every region, somebody is asked, once for all images.
   *
   * @throws CliError `NOT_CONFIRMED`
   */
  readonly confirmCopies: (request: RequestedImport) => Promise<void>;
  /** Whether what is not configured any more is revoked. */
  readonly revoke: boolean;
  /** Whether `latest` moves to an AMI that is not known to be newer. */
  readonly force: boolean;
}
