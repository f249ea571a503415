import type { ConnectionOptions } from '../aws/connection.ts';
import type { Session } from '../config/session.ts';
import type { CommonSettings } from '../settings.ts';

/** What decides which account a command works in, beside the credentials. */
export interface AccountChoice extends Pick<CommonSettings, 'local' | 'workDirectory' | 'configFlag'> {
  readonly connection: Pick<ConnectionOptions, 'profile' | 'role' | 'endpointUrl' | 'allowInsecureEndpoint'>;
}

/**
 * Arguments that lead a command of ec2-image to the same account.
 *
 * @param session of one image, which may have its own
 */
export function connectionFlags(
  { connection, local, workDirectory, configFlag }: AccountChoice,
  session: Pick<Session, 'profile' | 'role'> = {},
): string[] {
  const { endpointUrl, allowInsecureEndpoint = false } = connection;
  const { profile = connection.profile, role = connection.role } = session;
  const named: Record<string, string | undefined> = {
    '--config': configFlag,
    '--profile': profile,
    '--role-arn': role?.arn,
    '--role-session-name': role?.sessionName,
    '--external-id': role?.externalId,
    '--endpoint-url': endpointUrl,
  };
  return [
    ...Object.entries(named).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])),
    ...(allowInsecureEndpoint ? ['--allow-insecure-endpoint'] : []),
    ...(local ? ['--work-dir', workDirectory, '--local'] : []),
  ];
}
