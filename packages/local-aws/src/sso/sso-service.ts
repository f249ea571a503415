import type { Roles } from '../iam/roles.ts';
import { type Service, ServiceError, type ServiceResponse } from '../service.ts';
import type { RoleSessions } from '../sts/sessions.ts';

export interface SsoOptions {
  /** Access tokens of users who are logged in; any other is refused. */
  readonly tokens: readonly string[];
  readonly roles: Roles;
  readonly sessions: RoleSessions;
}

const sessionSeconds = 3600;

/**
 * The portal of IAM Identity Center, as far as the SDK asks it: credentials of a role for a token.
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 */
export function ssoService({ tokens, roles, sessions }: SsoOptions): Service {
  return {
    name: 'sso',
    async understand(request) {
      if (request.method !== 'GET' || request.path !== '/federation/credentials') {
        throw new ServiceError(501, 'UnknownOperationException', 'local-aws does not have this call of SSO');
      }
      const accountId = request.query.get('account_id') ?? '';
      const roleName = request.query.get('role_name') ?? '';
      return {
        operation: 'GetRoleCredentials',
        parameters: { accountId, roleName },
        async run() {
          const token = request.headers['x-amz-sso_bearer_token'];
          if (typeof token !== 'string' || !tokens.includes(token)) {
            throw new ServiceError(401, 'UnauthorizedException', 'Session token not found or invalid');
          }
          if (!/^\d{12}$/.test(accountId) || !roles.find(accountId, roleName)) {
            throw new ServiceError(403, 'ForbiddenException', 'No access');
          }
          const session = sessions.start({
            accountId,
            roleName,
            sessionName: 'sso-user',
            seconds: sessionSeconds,
          });
          const { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration } = session;
          return json(200, { roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } });
        },
      };
    },
    renderError({ status, code, message, headers }, request) {
      const answer = json(status, { message });
      return {
        ...answer,
        headers: { ...answer.headers, 'x-amzn-errortype': code, 'x-amzn-requestid': request.id, ...headers },
      };
    },
  };
}

function json(status: number, body: object): ServiceResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
