import { UsageError } from '../errors/cli-error.ts';
import { describeIssue } from '../options/given.ts';
import type { Kind } from '../options/kinds/kind.ts';
import { endpoint } from '../options/kinds/locations.ts';
import { region as regionKind } from '../options/kinds/text.ts';

/**
 * The SDK's own variables, as far as they are used: what it makes of a value that has the wrong shape would be reported
 * as a bug, or as a variable that is not set.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function checkAwsVariables({
  region,
  endpointUrl,
  env,
}: {
  /** Of the command line or the configuration: it wins. */
  readonly region?: string;
  readonly endpointUrl?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): void {
  const used = env.AWS_REGION ? 'AWS_REGION' : 'AWS_DEFAULT_REGION';
  if (region === undefined) check(used, env[used], regionKind);
  if (endpointUrl !== undefined || /^true$/i.test(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) return;
  for (const [name, value] of Object.entries(env)) {
    if (/^AWS_ENDPOINT_URL(_[A-Z0-9_]+)?$/.test(name)) check(name, value, endpoint);
  }
}

function check(name: string, value: string | undefined, { schema }: Kind<string>): void {
  if (!value) return;
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  throw new UsageError('BAD_OPTION', `${name}: ${describeIssue(parsed.error.issues[0]!)}`, {
    hint: `Correct ${name} in the environment, or unset it.`,
    facts: { option: name },
  });
}
