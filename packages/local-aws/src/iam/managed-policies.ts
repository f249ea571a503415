import { createHash } from 'node:crypto';
import type { Store } from '../store/store.ts';

export interface ManagedPolicy {
  readonly arn: string;
  readonly policyName: string;
  readonly path: string;
  readonly policyId: string;
  readonly document: string;
  readonly createdAt: number;
}

/** Policies that stand by themselves and are attached to roles and users; each has one version. */
export interface ManagedPolicies {
  find(arn: string): ManagedPolicy | undefined;
  /** False if there is one of this ARN. */
  create(policy: Omit<ManagedPolicy, 'policyId' | 'createdAt'>): boolean;
  remove(arn: string): void;
  attach(accountId: string, roleName: string, arn: string): void;
  /** False if it was not attached. */
  detach(accountId: string, roleName: string, arn: string): boolean;
  attachedTo(accountId: string, roleName: string): ManagedPolicy[];
  attachToUser(accountId: string, userName: string, arn: string): void;
  ofUser(accountId: string, userName: string): ManagedPolicy[];
  isAttached(arn: string): boolean;
}

export const managedPolicyTables = `
  CREATE TABLE iam_policy (
    arn TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, document TEXT NOT NULL, created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE iam_attachment (
    account_id TEXT NOT NULL, role_name TEXT NOT NULL, arn TEXT NOT NULL,
    PRIMARY KEY (account_id, role_name, arn)
  ) WITHOUT ROWID`;

export const userAttachmentTable = `
  CREATE TABLE iam_user_attachment (
    account_id TEXT NOT NULL, user_name TEXT NOT NULL, arn TEXT NOT NULL,
    PRIMARY KEY (account_id, user_name, arn)
  ) WITHOUT ROWID`;

export function openManagedPolicies({ store, now }: { store: Store; now: () => number }): ManagedPolicies {
  const columns = 'arn, name AS policyName, path, document, created_at AS createdAt';
  const complete = (row: Omit<ManagedPolicy, 'policyId'>): ManagedPolicy => ({
    ...row,
    policyId: `ANPA${createHash('sha256').update(row.arn).digest('hex').toUpperCase().slice(0, 17)}`,
  });
  return {
    find(arn) {
      const row = store.get<Omit<ManagedPolicy, 'policyId'>>(
        `SELECT ${columns} FROM iam_policy WHERE arn = ?`,
        [arn],
      );
      return row && complete(row);
    },
    create: ({ arn, policyName, path, document }) =>
      store.run(
        'INSERT OR IGNORE INTO iam_policy (arn, name, path, document, created_at) VALUES (?, ?, ?, ?, ?)',
        [arn, policyName, path, document, now()],
      ) === 1,
    remove: (arn) => void store.run('DELETE FROM iam_policy WHERE arn = ?', [arn]),
    attach: (accountId, roleName, arn) =>
      void store.run('INSERT OR IGNORE INTO iam_attachment (account_id, role_name, arn) VALUES (?, ?, ?)', [
        accountId,
        roleName,
        arn,
      ]),
    detach: (accountId, roleName, arn) =>
      store.run('DELETE FROM iam_attachment WHERE account_id = ? AND role_name = ? AND arn = ?', [
        accountId,
        roleName,
        arn,
      ]) === 1,
    attachedTo: (accountId, roleName) =>
      store
        .all<Omit<ManagedPolicy, 'policyId'>>(
          `SELECT ${columns} FROM iam_policy
            WHERE arn IN (SELECT arn FROM iam_attachment WHERE account_id = ? AND role_name = ?) ORDER BY arn`,
          [accountId, roleName],
        )
        .map(complete),
    attachToUser: (accountId, userName, arn) =>
      void store.run(
        'INSERT OR IGNORE INTO iam_user_attachment (account_id, user_name, arn) VALUES (?, ?, ?)',
        [accountId, userName, arn],
      ),
    ofUser: (accountId, userName) =>
      store
        .all<Omit<ManagedPolicy, 'policyId'>>(
          `SELECT ${columns} FROM iam_policy
            WHERE arn IN (SELECT arn FROM iam_user_attachment WHERE account_id = ? AND user_name = ?) ORDER BY arn`,
          [accountId, userName],
        )
        .map(complete),
    isAttached: (arn) =>
      store.get(
        'SELECT 1 FROM (SELECT arn FROM iam_attachment UNION ALL SELECT arn FROM iam_user_attachment) WHERE arn = ?',
        [arn],
      ) !== undefined,
  };
}
