import { UsageError } from '../errors/cli-error.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';

/** As the SDK has it: AWS_PROFILE counts beside keys in the environment, too. */
export function profileInUse({
  profile,
  env,
}: {
  readonly profile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): string | undefined {
  return profile ?? (env.AWS_PROFILE || undefined);
}

/**
 * A profile that no file has is a mistake of the command line, and told as one: the SDK would say that there are no
 * credentials.
 *
 * @throws UsageError `PROFILE_NOT_FOUND`
 */
export async function checkProfile({
  profile,
  env,
}: {
  /** Of the command line, the environment's EC2_IMAGE_PROFILE or the configuration. */
  readonly profile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<void> {
  const name = profileInUse({ profile, env });
  if (name === undefined || name === 'default') return;
  // Loaded only here: few runs have a profile, and it is part of the SDK.
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    filepath: env.AWS_SHARED_CREDENTIALS_FILE,
    configFilepath: env.AWS_CONFIG_FILE,
  });
  if (Object.hasOwn(configFile, name) || Object.hasOwn(credentialsFile, name)) return;
  const known = [...new Set([...Object.keys(configFile), ...Object.keys(credentialsFile)])];
  throw new UsageError(
    'PROFILE_NOT_FOUND',
    `there is no AWS profile ${show(name)}${didYouMean(name, known)}`,
    {
      hint: `Neither ${env.AWS_CONFIG_FILE ?? '~/.aws/config'} nor ${env.AWS_SHARED_CREDENTIALS_FILE ?? '~/.aws/credentials'} has it; change ${profile === undefined ? 'AWS_PROFILE' : '--profile'}.`,
      facts: { profile: name },
    },
  );
}
