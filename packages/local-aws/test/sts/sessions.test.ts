import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestAccount, type TestAccount } from '../../src/testing/index.ts';

const start = Date.parse('2026-11-26T12:00:00Z');
const [own, other] = ['123456789012', '222222222222'] as const;
const ofOther = { accessKeyId: 'AKIAOTHERACCOUNT0000', secretAccessKey: 'other', accountId: other };
const provider = 'oidc.eks.us-east-1.amazonaws.com/id/ABC';

let now = start;
let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount({
    now: () => now,
    credentials: [ofOther],
    ssoTokens: ['token-of-ann'],
  });
  const iam = account.client(IAMClient, { credentials: ofOther });
  const trust = (statement: object) => ({
    AssumeRolePolicyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', ...statement }] }),
  });
  for (const [RoleName, statement] of [
    [
      'importer',
      {
        Principal: { AWS: `arn:aws:iam::${own}:root` },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'for-us' } },
      },
    ],
    [
      'pod',
      {
        Principal: { Federated: `arn:aws:iam::${other}:oidc-provider/${provider}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${provider}:sub`]: 'system:serviceaccount:ci:importer' } },
      },
    ],
  ] as const) {
    await iam.send(new CreateRoleCommand({ RoleName, ...trust(statement) }));
  }
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'importer',
      PolicyName: 'read',
      PolicyDocument: JSON.stringify({
        Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
      }),
    }),
  );
});
afterAll(() => account[Symbol.asyncDispose]());

const importer = { RoleArn: `arn:aws:iam::${other}:role/importer`, RoleSessionName: 'nightly' };
const assume = (input: object = {}) =>
  account.client(STSClient).send(new AssumeRoleCommand({ ...importer, ExternalId: 'for-us', ...input }));

function keysOf({
  Credentials,
}: {
  Credentials?: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string };
}) {
  return {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
}

const whoIs = (credentials: ReturnType<typeof keysOf>) =>
  account.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));

describe('AssumeRole', () => {
  test('a session works in the account of the role, by what the role may, for its time', async () => {
    const assumed = await assume();
    expect(assumed.Credentials!.Expiration).toEqual(new Date(now + 3_600_000));
    const keys = keysOf(assumed);
    expect(await whoIs(keys)).toMatchObject({
      Account: other,
      Arn: `arn:aws:sts::${other}:assumed-role/importer/nightly`,
    });
    const s3 = account.client((await import('@aws-sdk/client-s3')).S3Client, { credentials: keys });
    await s3.send(new ListBucketsCommand({}));
    await expect(
      account
        .client(IAMClient, { credentials: keys })
        .send(new CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: '{}' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(whoIs({ ...keys, sessionToken: 'other' })).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
    await expect(whoIs({ ...keys, secretAccessKey: 'other' })).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    now = start + 3_600_001;
    await expect(whoIs(keys)).rejects.toMatchObject({ name: 'ExpiredToken' });
    now = start;
  });

  test.each([
    [{ ExternalId: 'for-them' }, 'AccessDenied'],
    [{ ExternalId: undefined }, 'AccessDenied'],
    [{ RoleArn: `arn:aws:iam::${other}:role/nobody` }, 'AccessDenied'],
    [{ RoleArn: `arn:aws:iam::${other}:role/pod` }, 'AccessDenied'],
    [{ RoleArn: `arn:aws-cn:iam::${other}:role/importer` }, 'ValidationError'],
    [{ DurationSeconds: 7200 }, 'ValidationError'],
    [{ SerialNumber: `arn:aws:iam::${own}:mfa/ann`, TokenCode: '000000' }, 'AccessDenied'],
  ])('%o is %s', async (input, name) => {
    await expect(assume(input)).rejects.toMatchObject({ name });
  });
});

describe('AssumeRoleWithWebIdentity', () => {
  const tokenOf = (claims: object) =>
    `e30.${Buffer.from(JSON.stringify({ iss: `https://${provider}`, sub: 'system:serviceaccount:ci:importer', aud: ['sts.amazonaws.com'], exp: start / 1000 + 60, ...claims })).toString('base64url')}.c2ln`;
  const withToken = (WebIdentityToken: string) =>
    account.client(STSClient).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `arn:aws:iam::${other}:role/pod`,
        RoleSessionName: 'pod-1',
        WebIdentityToken,
      }),
    );

  test('a token of the provider that the role trusts', async () => {
    const before = account.calls('AssumeRoleWithWebIdentity').length;
    expect(await whoIs(keysOf(await withToken(tokenOf({}))))).toMatchObject({
      Arn: `arn:aws:sts::${other}:assumed-role/pod/pod-1`,
    });
    expect(account.calls('AssumeRoleWithWebIdentity')).toHaveLength(before + 1);
  });

  test.each([
    [tokenOf({ sub: 'system:serviceaccount:ci:other' }), 'AccessDenied'],
    [tokenOf({ iss: 'https://example.com' }), 'AccessDenied'],
    [tokenOf({ exp: start / 1000 - 1 }), 'ExpiredTokenException'],
    ['not a token', 'InvalidIdentityTokenException'],
  ])('any other is refused', async (token, name) => {
    await expect(withToken(token)).rejects.toMatchObject({ name });
  });
});

test('the portal of SSO gives the credentials of a role for a token', async () => {
  const ask = (token: string, role: string) =>
    fetch(`${account.aws.url}/federation/credentials?account_id=${other}&role_name=${role}`, {
      headers: { 'x-amz-sso_bearer_token': token },
    });
  const given = (await (await ask('token-of-ann', 'importer')).json()) as {
    roleCredentials: ReturnType<typeof keysOf> & { expiration: number };
  };
  const { expiration, ...keys } = given.roleCredentials;
  expect(expiration).toBe(now + 3_600_000);
  expect(await whoIs(keys)).toMatchObject({
    Arn: `arn:aws:sts::${other}:assumed-role/importer/sso-user`,
  });
  for (const [token, role, status, code] of [
    ['other', 'importer', 401, 'UnauthorizedException'],
    ['token-of-ann', 'nobody', 403, 'ForbiddenException'],
  ] as const) {
    const refused = await ask(token, role);
    expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([status, code]);
  }
});

test('a call of STS without a signature and without a token is refused', async () => {
  const answer = await fetch(account.aws.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect([answer.status, await answer.text()]).toEqual([
    403,
    expect.stringContaining('MissingAuthenticationToken'),
  ]);
});
