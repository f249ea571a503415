import { UsageError } from '../errors/cli-error.ts';
import { describeIssue } from '../options/given.ts';
import { show } from '../options/kinds/kind.ts';
import { endpoint } from '../options/kinds/locations.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the AWS configuration files say of one profile. */
export interface SharedConfig {
  /** The settings of the profile; none where no file has it. */
  readonly profile: Readonly<Record<string, string | undefined>>;
  /** Those of the `services` section that it names, such as `s3.endpoint_url`. */
  readonly services: Readonly<Record<string, string | undefined>>;
}

/** @throws UsageError `PROFILE_NOT_FOUND`, of a services section that no file has */
export async function readSharedConfig({
  profile: given,
  env,
}: {
  readonly profile?: string;
  readonly env: Environment;
}): Promise<SharedConfig> {
  const name = given ?? (env.AWS_PROFILE || 'default');
  // Loaded only here: it is part of the SDK, and a wrong command line is answered without it.
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    filepath: env.AWS_SHARED_CREDENTIALS_FILE,
    configFilepath: env.AWS_CONFIG_FILE,
  });
  const profile = { ...configFile[name], ...credentialsFile[name] };
  if (profile.services === undefined) return { profile, services: {} };
  const services = configFile[`services.${profile.services}`];
  if (services) return { profile, services };
  throw new UsageError(
    'PROFILE_NOT_FOUND',
    `the profile ${JSON.stringify(name)} names the services section ${JSON.stringify(profile.services)}, which no AWS configuration file has`,
    {
      hint: `Add [services ${profile.services}] to ${env.AWS_CONFIG_FILE ?? '~/.aws/config'}, or remove services from the profile.`,
      facts: { profile: name },
    },
  );
}

/** The names by which the SDK calls the services, in its variables and in `services` sections. */
export const serviceIds = [
  'EC2',
  'S3',
  'EBS',
  'IAM',
  'STS',
  'SSM',
  'KMS',
  'Auto Scaling',
  'Service Quotas',
  'SSO',
] as const;

export type ServiceId = (typeof serviceIds)[number];

/**
 * Where the calls to a service go in place of AWS: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, then the profile's
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). The SDK looks them up too, but only in the
 * profile of AWS_PROFILE.
 */
export function configuredEndpoint(
  service: ServiceId,
  { config: { profile, services }, env }: { readonly config: SharedConfig; readonly env: Environment },
): string | undefined {
  const ignored = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls;
  if (ignored?.toLowerCase() === 'true') return undefined;
  const key = service.replaceAll(' ', '_');
  return (
    env[`AWS_ENDPOINT_URL_${key.toUpperCase()}`] ||
    env.AWS_ENDPOINT_URL ||
    services[`${key.toLowerCase()}.endpoint_url`] ||
    profile.endpoint_url ||
    undefined
  );
}

/**
 * The variables are checked with the command line, and the SDK would report what it makes of a wrong profile as a bug.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function checkEndpoints(options: Parameters<typeof configuredEndpoint>[1]): void {
  for (const service of serviceIds) {
    const url = configuredEndpoint(service, options);
    const parsed = endpoint.schema.safeParse(url);
    if (url === undefined || parsed.success) continue;
    throw new UsageError(
      'BAD_OPTION',
      `the endpoint_url of ${service}: ${describeIssue(parsed.error.issues[0]!)}`,
      {
        hint: 'Correct endpoint_url in the AWS configuration file, or give --endpoint-url.',
        facts: { service },
      },
    );
  }
}

export interface RetrySettings {
  /** A request and its retries. */
  readonly maxAttempts: number;
  readonly retryMode: 'standard' | 'adaptive';
}

/** @throws UsageError `BAD_OPTION` */
export function retrySettings({
  config: { profile },
  env,
  fallback,
}: {
  readonly config: SharedConfig;
  readonly env: Environment;
  readonly fallback: RetrySettings;
}): RetrySettings {
  const attempts =
    given('AWS_MAX_ATTEMPTS', env.AWS_MAX_ATTEMPTS) ?? given('max_attempts', profile.max_attempts);
  const mode = given('AWS_RETRY_MODE', env.AWS_RETRY_MODE) ?? given('retry_mode', profile.retry_mode);
  return {
    maxAttempts: attempts ? wholeNumber(attempts) : fallback.maxAttempts,
    retryMode: mode ? retryModeOf(mode) : fallback.retryMode,
  };
}

interface Given {
  readonly name: string;
  readonly value: string;
}

function given(name: string, value: string | undefined): Given | undefined {
  return value ? { name, value } : undefined;
}

function wholeNumber({ name, value }: Given): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw wrong({ name, value }, 'a whole number from 1');
}

function retryModeOf({ name, value }: Given): RetrySettings['retryMode'] {
  const mode = value.toLowerCase();
  // What other SDKs call legacy has no counterpart here; the least different is standard.
  if (mode === 'legacy') return 'standard';
  if (mode === 'standard' || mode === 'adaptive') return mode;
  throw wrong({ name, value }, 'standard or adaptive');
}

function wrong({ name, value }: Given, what: string): UsageError {
  return new UsageError('BAD_OPTION', `${name}: expected ${what}, not ${show(value)}`, {
    hint: name.startsWith('AWS_')
      ? 'Correct or unset the variable.'
      : 'Correct it in the AWS configuration file.',
  });
}
