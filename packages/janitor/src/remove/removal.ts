import { policies, type Waiter, waitUntil } from '@ec2-image/aws-call';
import { gaveUpWaiting } from '../errors.ts';
import type { ImageFact } from '../facts.ts';
import type { Senders } from '../senders.ts';

export interface RemovalOptions {
  readonly senders: Senders;
  readonly account: string;
  readonly now: () => number;
  readonly signal?: AbortSignal;
  /** Gives an AMI that is enabled again to whom the configuration says. */
  readonly restoreSharing?: (image: ImageFact) => Promise<void>;
}

/** What came of removing one resource. */
export type Removal =
  /** A read confirmed that it does not exist. */
  | { readonly outcome: 'deleted'; readonly detail?: string }
  /** A read confirmed that the AMI is in this state. */
  | { readonly outcome: 'deprecated' | 'disabled' | 'enabled'; readonly detail?: string }
  /** Somebody else was faster: as good. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'skipped'; readonly detail: string };

/**
 * Reads until the deletion shows.
 *
 * @param options.what ends the sentence "gave up waiting for …"
 * @throws JanitorError `GAVE_UP_WAITING`
 */
export function untilConfirmed(
  waiter: Waiter,
  { what, read }: { readonly what: string; readonly read: () => Promise<Removal | undefined> },
): Promise<Removal> {
  return waitUntil(waiter, { policy: policies.visible, ask: read, onTimeout: gaveUpWaiting(what) });
}
