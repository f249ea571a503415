import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createSender } from '@ec2-image/aws-call';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider, Logger } from '@smithy/types';
import type { Connection } from './connection.ts';
import { explainProvider } from './explain-provider.ts';
import { memoizeCredentials } from './memoize-credentials.ts';
import { mfaCodeProvider } from './mfa.ts';
import { callOptions, observeCalls } from './observe-calls.ts';
import { createRequestHandler } from './request-handler.ts';
import { watchFailures } from './watch-failures.ts';

type Options = Omit<Connection, 'credentials'> & { readonly signal?: AbortSignal };

/** The SDK has warnings of its own for AWS_PROFILE beside keys; which of them counts is told with the account. */
const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** What a role's session is called in CloudTrail, where nobody says what. */
const defaultSessionName = 'ec2-image';

/**
 * Where the SDK looks for credentials, and the role of `--role-arn` assumed with them. One for all clients: each would
 * otherwise ask by itself, and STS, SSO or the user would be asked as often.
 */
export function createCredentials(options: Options): AwsCredentialIdentityProvider {
  const { profile, role, env, askMfaCode } = options;
  const transport = watchFailures(createRequestHandler(options));
  const sts = createSts(options);
  const endpoint = options.endpoint('SSO');
  const base = defaultProvider({
    ...(profile !== undefined && { profile }),
    logger: silent,
    // For SSO, and for whatever else the SDK asks over the network: not the region, which SSO has its own of.
    clientConfig: {
      requestHandler: transport.handler as never,
      maxAttempts: options.maxAttempts,
      ...(endpoint !== undefined && { endpoint }),
    },
    roleAssumer: sts.assumeRole,
    roleAssumerWithWebIdentity: sts.assumeRoleWithWebIdentity,
    mfaCodeProvider: mfaCodeProvider(askMfaCode),
  });
  const provider = role
    ? memoizeCredentials(async () =>
        sts.assumeRole(await base(), {
          RoleArn: role.arn,
          RoleSessionName: role.sessionName ?? defaultSessionName,
          ExternalId: role.externalId,
        }),
      )
    : base;
  return async () => {
    transport.forget();
    try {
      return await provider();
    } catch (error) {
      throw await explainProvider(error, { lost: transport.lastFailure(), profile, env });
    }
  };
}

interface AssumedSession {
  readonly Credentials?: {
    readonly AccessKeyId?: string;
    readonly SecretAccessKey?: string;
    readonly SessionToken?: string;
    readonly Expiration?: Date;
  };
}

/** The calls to STS that make one set of credentials of another; they fail as every other call does. */
function createSts(options: Options) {
  const { region, maxAttempts, retryMode, signal } = options;
  const endpoint = options.endpoint('STS');
  const requestHandler = createRequestHandler(options);
  const open = (credentials?: AwsCredentialIdentity) => {
    const client = new STSClient({
      region: region ?? 'us-east-1',
      maxAttempts,
      retryMode,
      requestHandler: requestHandler as never,
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials && { credentials }),
    });
    observeCalls(client, options);
    return createSender({ ...callOptions(options), client, service: 'STS', signal });
  };
  const identityOf = ({ Credentials }: AssumedSession): AwsCredentialIdentity => {
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = Credentials ?? {};
    if (!accessKeyId || !secretAccessKey) throw new Error('STS answered without credentials');
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: Credentials?.SessionToken,
      expiration: Credentials?.Expiration,
    };
  };
  return {
    assumeRole: async (
      source: AwsCredentialIdentity,
      input: ConstructorParameters<typeof AssumeRoleCommand>[0],
    ) => identityOf(await open(source).send(new AssumeRoleCommand(input))),
    assumeRoleWithWebIdentity: async (
      input: ConstructorParameters<typeof AssumeRoleWithWebIdentityCommand>[0],
    ) => identityOf(await open().send(new AssumeRoleWithWebIdentityCommand(input))),
  };
}
