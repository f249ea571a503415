import { policies } from '@ec2-image/aws-call';
import { isLoopback } from '@ec2-image/outbound';
import { redactUrl } from '@ec2-image/redact';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { UsageError } from '../errors/cli-error.ts';
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
  serviceIds,
} from './shared-config.ts';

const defaultRetry: RetrySettings = { maxAttempts: policies.request.attempts, retryMode: 'adaptive' };

/**
 * @param options.shared credentials that another region of the same session uses already
 * @throws UsageError `BAD_OPTION`, `CA_BUNDLE_UNUSABLE`, `INSECURE_ENDPOINT`, `PROFILE_NOT_FOUND`
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
  if (!options.allowInsecureEndpoint) requireSecureEndpoints(connection);
  const { credentials: fixed } = options;
  const credentials = fixed ? async () => fixed : (shared ?? createCredentials({ ...connection, signal }));
  return { ...connection, credentials };
}

/** Whoever is on the way of a request in plain http reads session tokens, and answers in place of AWS. */
function requireSecureEndpoints({ endpoint }: Pick<Connection, 'endpoint'>): void {
  for (const service of serviceIds) {
    const url = URL.parse(endpoint(service) ?? '');
    if (url?.protocol !== 'http:' || isLoopback(url.hostname)) continue;
    const shown = redactUrl(url);
    throw new UsageError('INSECURE_ENDPOINT', `requests to ${service} would go to ${shown} over plain http`, {
      hint: 'Use https, or --allow-insecure-endpoint if nobody on the network path can read or change them.',
      facts: { service, url: shown },
    });
  }
}
