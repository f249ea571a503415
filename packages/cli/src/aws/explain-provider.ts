import { awsErrorFacts, explainCall, explainCredentials } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { profileInUse } from '../config/check-profile.ts';
import { CliError } from '../errors/cli-error.ts';
import { isInstanceRoleOutOfReach } from './instance-metadata.ts';
import type { Environment } from './shared-config.ts';

/**
 * Why there are no credentials.
 *
 * @param options.lost why the last request of the provider failed, if one did
 */
export async function explainProvider(
  error: unknown,
  { lost, profile, env }: { readonly lost: unknown; readonly profile?: string; readonly env: Environment },
): Promise<unknown> {
  if (isExplained(error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  const isAnswer = awsErrorFacts(lost) !== undefined;
  if (lost !== undefined && !(isAnswer && isEndedSsoSession(said))) {
    const { name } = lost as Error;
    if (isAnswer) (lost as Error).message = said.startsWith(`${name}: `) ? said.slice(name.length + 2) : said;
    const explained = explainCall({ error: lost, service: 'SSO', operation: 'GetRoleCredentials' });
    if (isExplained(explained)) return explained;
  }
  const name = profileInUse({ profile, env });
  if (isEndedSsoSession(said)) {
    return new CliError('CREDENTIALS_EXPIRED', `the SSO session has ended or was never started (${said})`, {
      hint: `Run \`aws sso login${name ? ` --profile ${name}` : ''}\`, then run the same command again.`,
      cause: error,
    });
  }
  const explained = explainCredentials(error);
  if (explained && explained.code !== 'CREDENTIALS_MISSING') {
    const { code, message, hint } = explained;
    return new CliError(code, message, { hint, cause: error });
  }
  // Of a profile that refers to what no file has, the SDK may throw anything.
  const isOutOfReach = name === undefined && (await isInstanceRoleOutOfReach(env));
  const whose = name === undefined ? 'no AWS credentials' : `AWS profile "${name}" has no credentials`;
  return new CliError(
    'CREDENTIALS_MISSING',
    isOutOfReach ? outOfReach : `${whose} that can be used (${said})`,
    {
      hint: isOutOfReach ? outOfReachHint : name === undefined ? missingHint : inProfileHint(name),
      cause: error,
      facts: { profile: name },
    },
  );
}

const outOfReach =
  'no AWS credentials: the instance metadata service takes connections and gives no token, as it does in a container where its hop limit is 1';
const outOfReachHint =
  'Raise the limit (aws ec2 modify-instance-metadata-options --instance-id i-… --http-put-response-hop-limit 2), run the container in the network of the host, or give it credentials of its own.';
const missingHint =
  'Choose a profile (--profile or AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --local needs none.';
const inProfileHint = (profile: string) =>
  `Complete the profile (\`aws configure --profile ${profile}\`, or \`aws sso login --profile ${profile}\`), or choose another.`;

/** Of the SDK's providers, and of the SSO portal. */
export function isEndedSsoSession(said: string): boolean {
  return (
    /sso session.{0,300}?(?:invalid|expired|not found)|token is expired|session token not found or invalid/i.test(
      said,
    ) || /^UnauthorizedException\b/.test(said)
  );
}
