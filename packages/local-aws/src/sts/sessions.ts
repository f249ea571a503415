import { randomBytes } from 'node:crypto';
import type { Store } from '../store/store.ts';

/** The credentials of somebody who took on a role. */
export interface RoleSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly accountId: string;
  readonly roleName: string;
  readonly sessionName: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface RoleSessions {
  start(
    session: Pick<RoleSession, 'accountId' | 'roleName' | 'sessionName'> & { readonly seconds: number },
  ): RoleSession;
  find(accessKeyId: string): RoleSession | undefined;
}

const tables: readonly string[] = [
  `CREATE TABLE sts_session (
     access_key_id TEXT PRIMARY KEY, secret_access_key TEXT NOT NULL, session_token TEXT NOT NULL,
     account_id TEXT NOT NULL, role_name TEXT NOT NULL, session_name TEXT NOT NULL, expires_at INTEGER NOT NULL
   ) WITHOUT ROWID`,
];

/** Begins the access keys of sessions, and no others: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const keyPrefix = 'ASIA';

export function openSessions({
  store,
  now,
}: {
  readonly store: Store;
  readonly now: () => number;
}): RoleSessions {
  store.migrate('sts', tables);
  return {
    start({ seconds, ...role }) {
      const session: RoleSession = {
        ...role,
        accessKeyId: `${keyPrefix}${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(48).toString('base64'),
        expiresAt: Math.floor(now() / 1000 + seconds) * 1000,
      };
      store.run(
        `INSERT INTO sts_session
           (access_key_id, secret_access_key, session_token, account_id, role_name, session_name, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [
          session.accessKeyId,
          session.secretAccessKey,
          session.sessionToken,
          session.accountId,
          session.roleName,
          session.sessionName,
          session.expiresAt,
        ],
      );
      return session;
    },
    find(accessKeyId) {
      if (!accessKeyId.startsWith(keyPrefix)) return undefined;
      return store.get<RoleSession>(
        `SELECT access_key_id AS accessKeyId, secret_access_key AS secretAccessKey,
                session_token AS sessionToken, account_id AS accountId, role_name AS roleName,
                session_name AS sessionName, expires_at AS expiresAt
           FROM sts_session WHERE access_key_id = ?`,
        [accessKeyId],
      );
    },
  };
}
