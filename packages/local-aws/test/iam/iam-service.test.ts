import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { accountId, expect, openAccount, refusal, testWith } from '../support/account.ts';

const test = testWith();

test('STS says whose account it is', async ({ sts }) => {
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  expect(identity).toMatchObject({
    Account: accountId,
    Arn: `arn:aws:iam::${accountId}:user/local-aws`,
    UserId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
  });
});

test('the account has the role that imports need, as the guide describes it', async ({ iam }) => {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'vmimport' }));
  expect(Role).toMatchObject({
    Path: '/',
    RoleName: 'vmimport',
    RoleId: expect.stringMatching(/^AROA[0-9A-F]{17}$/),
    Arn: `arn:aws:iam::${accountId}:role/vmimport`,
    CreateDate: expect.any(Date),
    MaxSessionDuration: 3600,
  });
  expect(JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!))).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'vmie.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:Externalid': 'vmimport' } },
      },
    ],
  });
  const { PolicyNames, IsTruncated } = await iam.send(new ListRolePoliciesCommand({ RoleName: 'vmimport' }));
  expect([PolicyNames, IsTruncated]).toEqual([['vmimport'], false]);
  const { PolicyDocument } = await iam.send(
    new GetRolePolicyCommand({ RoleName: 'vmimport', PolicyName: 'vmimport' }),
  );
  expect(JSON.parse(decodeURIComponent(PolicyDocument!)).Statement[0].Action).toContain('s3:GetObject');
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'vmimport' }));
  expect(attached.AttachedPolicies).toEqual([]);
});

test('roles can be made, changed and deleted, and stay so', async ({ iam }) => {
  const RoleName = 'importer';
  const document = JSON.stringify({ Statement: [] });
  const create = new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document, Path: '/a/' });
  const { Role } = await iam.send(create);
  expect(Role!.Arn).toBe(`arn:aws:iam::${accountId}:role/a/importer`);
  await expect(iam.send(create)).rejects.toEqual(
    refusal('EntityAlreadyExistsException', 'Role with name importer already exists.', 409),
  );
  const changed = JSON.stringify({
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }],
  });
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: changed }));
  const { Role: after } = await iam.send(new GetRoleCommand({ RoleName }));
  expect(decodeURIComponent(after!.AssumeRolePolicyDocument!)).toBe(changed);
  for (const PolicyName of ['b', 'a']) {
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
  }
  const first = await iam.send(new ListRolePoliciesCommand({ RoleName, MaxItems: 1 }));
  expect(first).toMatchObject({ PolicyNames: ['a'], IsTruncated: true });
  const second = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker: first.Marker }));
  expect(second).toMatchObject({ PolicyNames: ['b'], IsTruncated: false });
  await expect(iam.send(new DeleteRoleCommand({ RoleName }))).rejects.toEqual(
    refusal('DeleteConflictException', /must delete policies first/, 409),
  );
  for (const PolicyName of ['a', 'b']) {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
  await iam.send(new DeleteRoleCommand({ RoleName }));
  await expect(iam.send(new GetRoleCommand({ RoleName }))).rejects.toEqual(
    refusal('NoSuchEntityException', 'The role with name importer cannot be found.', 404),
  );
});

test('vmimport deleted stays deleted', async () => {
  await using other = await openAccount();
  const name = { RoleName: 'vmimport' };
  await other.client(IAMClient).send(new DeleteRolePolicyCommand({ ...name, PolicyName: 'vmimport' }));
  await other.client(IAMClient).send(new DeleteRoleCommand(name));
  await using again = await openAccount({ directory: other.directory });
  await expect(again.client(IAMClient).send(new GetRoleCommand(name))).rejects.toEqual(
    refusal('NoSuchEntityException', undefined, 404),
  );
});

test('refuses invalid policies, and policies of roles that are not there', async ({ iam }) => {
  const RoleName = 'vmimport';
  await expect(
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: '{' })),
  ).rejects.toEqual(refusal('MalformedPolicyDocumentException', 'Syntax errors in policy.'));
  await expect(iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'absent' }))).rejects.toEqual(
    refusal('NoSuchEntityException', /role policy with name absent/, 404),
  );
});
