import { isExplained } from '@ec2-image/explained-error';
import { type Proxies, readCaBundle, readProxies, trustOnly } from '@ec2-image/outbound';
import { UsageError } from '../errors/cli-error.ts';
import type { Environment, SharedConfig } from './shared-config.ts';

/** How AWS is reached. */
export interface Network {
  readonly proxies: Proxies;
  /** In place of the usual certificate authorities. */
  readonly ca?: readonly string[];
}

/**
 * As the AWS CLI has it: a bundle of AWS_CA_BUNDLE, or of the profile, takes the place of the usual authorities. It holds
 * for AWS alone: a download goes to somebody else's server.
 *
 * @throws UsageError `CA_BUNDLE_UNUSABLE`
 */
export async function openNetwork({
  config,
  env,
}: {
  readonly config: SharedConfig;
  readonly env: Environment;
}): Promise<Network> {
  const proxies = readProxies(env);
  const bundle = env.AWS_CA_BUNDLE
    ? { path: env.AWS_CA_BUNDLE, setBy: 'AWS_CA_BUNDLE' }
    : config.profile.ca_bundle
      ? { path: config.profile.ca_bundle, setBy: 'ca_bundle of the AWS profile' }
      : undefined;
  return bundle ? { proxies, ca: trustOnly(await asUsage(() => readCaBundle(bundle))) } : { proxies };
}

/**
 * Variables that are wrong are told before anything is started: Node would only warn of NODE_EXTRA_CA_CERTS, and a proxy
 * may be met late.
 *
 * @throws UsageError `BAD_PROXY`, `CA_BUNDLE_UNUSABLE`
 */
export async function checkNetworkVariables(env: Environment): Promise<void> {
  await asUsage(async () => readProxies(env).check());
  const path = env.NODE_EXTRA_CA_CERTS;
  if (path) await asUsage(() => readCaBundle({ path, setBy: 'NODE_EXTRA_CA_CERTS' }));
}

async function asUsage<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isExplained(error)) throw error;
    const { code, message, hint, cause, facts } = error;
    throw new UsageError(code, message, { hint, cause, facts });
  }
}
