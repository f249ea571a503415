import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';

/** New ones are fetched so long before these expire, as the SDK does. */
const refreshBeforeMs = 5 * 60_000;

/** Fetches credentials once for all who ask, and again before they expire. A failure is not kept. */
export function memoizeCredentials(
  fetch: () => Promise<AwsCredentialIdentity>,
  { now = Date.now }: { readonly now?: () => number } = {},
): AwsCredentialIdentityProvider {
  let known: AwsCredentialIdentity | undefined;
  let fetching: Promise<AwsCredentialIdentity> | undefined;
  const isFresh = ({ expiration }: AwsCredentialIdentity, withinMs: number) =>
    expiration === undefined || expiration.getTime() - now() > withinMs;
  return async () => {
    if (known && isFresh(known, refreshBeforeMs)) return known;
    fetching ??= fetch().finally(() => {
      fetching = undefined;
    });
    try {
      known = await fetching;
    } catch (error) {
      // Good for a few minutes yet: the next call tries again.
      if (!known || !isFresh(known, 0)) throw error;
    }
    return known;
  };
}
