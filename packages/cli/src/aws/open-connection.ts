import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { Connection, ConnectionOptions } from './connection.ts';
import { createCredentials } from './credentials.ts';
import { openNetwork } from './network.ts';
import {
  checkEndpoints,
  configuredEndpoint,
  type RetrySettings,
  readSharedConfig,
  retrySettings,
  type ServiceId,
} from './shared-config.ts';

const defaultRetry: RetrySettings = { maxAttempts: 8, retryMode: 'adaptive' };

/**
 * @param options.shared credentials that another region of the same session uses already
 * @throws UsageError `BAD_OPTION`, `CA_BUNDLE_UNUSABLE`, `PROFILE_NOT_FOUND`
 */
export async function openConnection(
  options: ConnectionOptions,
  { shared, signal }: { readonly shared?: AwsCredentialIdentityProvider; readonly signal?: AbortSignal } = {},
): Promise<Connection> {
  const { env, profile, endpointUrl, region, maxAttempts } = options;
  const config = await readSharedConfig({ profile, env });
  if (endpointUrl === undefined) checkEndpoints({ config, env });
  const fallback = maxAttempts === undefined ? defaultRetry : { ...defaultRetry, maxAttempts };
  const retry = retrySettings({
    config,
    env: maxAttempts === undefined ? env : { ...env, AWS_MAX_ATTEMPTS: String(maxAttempts) },
    fallback,
  });
  const connection = {
    ...options,
    ...retry,
    region: region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || config.profile.region),
    network: await openNetwork({ config, env }),
    endpoint: (service: ServiceId) => endpointUrl ?? configuredEndpoint(service, { config, env }),
  };
  const { credentials: fixed } = options;
  const credentials = fixed ? async () => fixed : (shared ?? createCredentials({ ...connection, signal }));
  return { ...connection, credentials };
}
