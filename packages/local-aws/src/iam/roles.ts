import { createHash } from 'node:crypto';
import {
  type Decision,
  evaluate,
  type PolicyDocument,
  parsePolicy,
  requestContext,
  trustsService,
} from '@ec2-image/iam-policy';
import type { Store } from '../store/store.ts';
import type { Requirement } from './authorization/requirement.ts';
import {
  type ManagedPolicies,
  managedPolicyTables,
  openManagedPolicies,
  userAttachmentTable,
} from './managed-policies.ts';

export interface Role {
  readonly name: string;
  readonly path: string;
  readonly roleId: string;
  readonly description: string | null;
  readonly trustPolicy: string;
  readonly maxSessionSeconds: number;
  readonly createdAt: number;
}

export interface Roles {
  find(accountId: string, name: string): Role | undefined;
  /** False if there is one of this name. */
  create(accountId: string, role: Omit<Role, 'roleId' | 'createdAt'>): boolean;
  setTrustPolicy(accountId: string, name: string, document: string): void;
  remove(accountId: string, name: string): void;
  policies(accountId: string, name: string): RolePolicy[];
  putPolicy(accountId: string, name: string, policy: RolePolicy): void;
  /** False if there is none of this name. */
  removePolicy(accountId: string, name: string, policyName: string): boolean;
  isAssumableForImport(accountId: string, name: string): boolean;
  mayReadObject(accountId: string, name: string, object: ObjectToRead): boolean;
  /** What the role may do once somebody has assumed it. */
  decide(accountId: string, name: string, requirement: Requirement): Decision;
  /** Managed policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html */
  readonly managed: ManagedPolicies;
  /** Of all of its policies, inline and attached. */
  documents(accountId: string, name: string): string[];
}

export interface ObjectToRead {
  readonly bucket: string;
  readonly key: string;
  /** The bucket's own policy. */
  readonly bucketPolicy?: PolicyDocument | undefined;
}

export interface RolePolicy {
  readonly policyName: string;
  readonly document: string;
}

const tables: readonly string[] = [
  `CREATE TABLE iam_account (account_id TEXT PRIMARY KEY) WITHOUT ROWID;
   CREATE TABLE iam_role (
     account_id TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, role_id TEXT NOT NULL, description TEXT,
     trust_policy TEXT NOT NULL, max_session_seconds INTEGER NOT NULL, created_at INTEGER NOT NULL,
     PRIMARY KEY (account_id, name)
   ) WITHOUT ROWID;
   CREATE TABLE iam_role_policy (
     account_id TEXT NOT NULL, role_name TEXT NOT NULL, policy_name TEXT NOT NULL, document TEXT NOT NULL,
     PRIMARY KEY (account_id, role_name, policy_name)
   ) WITHOUT ROWID`,
  managedPolicyTables,
  userAttachmentTable,
];

// https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html#vmimport-role
const importService = 'vmie.amazonaws.com';
const importExternalId = 'vmimport';

/** The role of that page, which every account has from the start, here for any bucket. */
const vmimport = {
  name: 'vmimport',
  trustPolicy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: importService },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:Externalid': importExternalId } },
      },
    ],
  },
  policy: {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:GetBucketLocation', 's3:GetObject', 's3:ListBucket'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: ['ec2:ModifySnapshotAttribute', 'ec2:CopySnapshot', 'ec2:RegisterImage', 'ec2:Describe*'],
        Resource: '*',
      },
    ],
  },
};

export function openRoles({ store, now }: { store: Store; now: () => number }): Roles {
  store.migrate('iam', tables);
  const columns = `name, path, role_id AS roleId, description, trust_policy AS trustPolicy,
    max_session_seconds AS maxSessionSeconds, created_at AS createdAt`;

  /** Once for each account: what is deleted afterwards stays deleted. */
  function furnish(accountId: string): void {
    if (store.get('SELECT 1 FROM iam_account WHERE account_id = ?', [accountId])) return;
    store.transaction(() => {
      if (store.run('INSERT OR IGNORE INTO iam_account (account_id) VALUES (?)', [accountId]) === 0) return;
      roles.create(accountId, {
        name: vmimport.name,
        path: '/',
        description: null,
        trustPolicy: JSON.stringify(vmimport.trustPolicy),
        maxSessionSeconds: 3600,
      });
      roles.putPolicy(accountId, vmimport.name, {
        policyName: 'vmimport',
        document: JSON.stringify(vmimport.policy),
      });
    });
  }

  const managed = openManagedPolicies({ store, now });

  const roles: Roles = {
    managed,
    documents: (accountId, name) => [
      ...roles.policies(accountId, name).map(({ document }) => document),
      ...managed.attachedTo(accountId, name).map(({ document }) => document),
    ],
    find(accountId, name) {
      furnish(accountId);
      return store.get<Role>(`SELECT ${columns} FROM iam_role WHERE account_id = ? AND name = ?`, [
        accountId,
        name,
      ]);
    },
    create(accountId, { name, path, description, trustPolicy, maxSessionSeconds }) {
      furnish(accountId);
      return (
        store.run(
          `INSERT OR IGNORE INTO iam_role
             (account_id, name, path, role_id, description, trust_policy, max_session_seconds, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            accountId,
            name,
            path,
            roleId(accountId, name),
            description,
            trustPolicy,
            maxSessionSeconds,
            now(),
          ],
        ) === 1
      );
    },
    setTrustPolicy(accountId, name, document) {
      store.run('UPDATE iam_role SET trust_policy = ? WHERE account_id = ? AND name = ?', [
        document,
        accountId,
        name,
      ]);
    },
    remove(accountId, name) {
      store.run('DELETE FROM iam_role WHERE account_id = ? AND name = ?', [accountId, name]);
    },
    policies(accountId, name) {
      furnish(accountId);
      return store.all<RolePolicy>(
        `SELECT policy_name AS policyName, document FROM iam_role_policy
          WHERE account_id = ? AND role_name = ? ORDER BY policy_name`,
        [accountId, name],
      );
    },
    putPolicy(accountId, name, { policyName, document }) {
      store.run(
        `INSERT OR REPLACE INTO iam_role_policy (account_id, role_name, policy_name, document)
         VALUES (?, ?, ?, ?)`,
        [accountId, name, policyName, document],
      );
    },
    removePolicy(accountId, name, policyName) {
      return (
        store.run('DELETE FROM iam_role_policy WHERE account_id = ? AND role_name = ? AND policy_name = ?', [
          accountId,
          name,
          policyName,
        ]) === 1
      );
    },
    isAssumableForImport: (accountId, name) => isAssumable(roles.find(accountId, name), accountId),
    mayReadObject(accountId, name, { bucket, key, bucketPolicy }) {
      const context = { 'aws:SecureTransport': true, 'aws:PrincipalAccount': accountId };
      const may = (action: string, resource: string) =>
        roles.decide(accountId, name, { action, resource, context, resourcePolicy: bucketPolicy }).allowed;
      return (
        may('s3:GetBucketLocation', `arn:aws:s3:::${bucket}`) &&
        may('s3:GetObject', `arn:aws:s3:::${bucket}/${key}`)
      );
    },
    decide(accountId, name, { context = {}, resourcePolicy, ...requirement }) {
      const role = roles.find(accountId, name);
      const principal = {
        accountId,
        arn: `arn:aws:sts::${accountId}:assumed-role/${name}/vmimport`,
        roleArn: `arn:aws:iam::${accountId}:role${role?.path ?? '/'}${name}`,
        userId: `${role?.roleId ?? ''}:vmimport`,
      };
      return evaluate({ ...requirement, context: requestContext(context) }, principal, {
        identity: roles.documents(accountId, name).map((document) => parsePolicy(document, 'identity')),
        ...(resourcePolicy && { resource: resourcePolicy }),
        ...(requirement.resourceMustAllow && { resourceMustAllow: true }),
        ...(requirement.resourceAccountId && { resourceAccountId: requirement.resourceAccountId }),
      });
    },
  };
  return roles;
}

/** By the service that imports disks. */
export function isAssumable(role: Role | undefined, accountId: string): boolean {
  if (!role) return false;
  return trustsService(parsePolicy(role.trustPolicy, 'trust'), {
    service: importService,
    externalId: importExternalId,
    accountId,
    sourceArn: `arn:aws:vmie:us-east-1:${accountId}:*`,
  });
}

function roleId(accountId: string, name: string): string {
  const digest = createHash('sha256').update(`${accountId}/${name}`).digest('hex').toUpperCase();
  return `AROA${digest.slice(0, 17)}`;
}
