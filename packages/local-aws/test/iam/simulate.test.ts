import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  SimulatePrincipalPolicyCommand,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { accountId, expect, testWith } from '../support/account.ts';

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const bucketArn = 'arn:aws:s3:::disks';
const policy = document(
  { Effect: 'Allow', Action: 's3:GetObject', Resource: `${bucketArn}/*` },
  {
    Effect: 'Deny',
    Action: 's3:PutObject',
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
  },
);
const credentials = { accessKeyId: 'AKIACI', secretAccessKey: 'secret', userName: 'ci', policies: [policy] };

const test = testWith({ credentials: [credentials] }).extend(
  'simulate',
  { scope: 'file' },
  ({ account }) =>
    async (input: Partial<SimulatePrincipalPolicyCommandInput>) => {
      const asked = {
        PolicySourceArn: `arn:aws:iam::${accountId}:user/ci`,
        ActionNames: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        ResourceArns: [`${bucketArn}/a`],
        ...input,
      };
      const { EvaluationResults = [] } = await account
        .client(IAMClient)
        .send(new SimulatePrincipalPolicyCommand(asked));
      return Object.fromEntries(
        EvaluationResults.map(({ EvalActionName, EvalDecision, MissingContextValues = [] }) => [
          EvalActionName!,
          [EvalDecision, ...MissingContextValues],
        ]),
      );
    },
);

test('says what a user may do, and which keys it would have to know', async ({ simulate }) => {
  expect(await simulate({})).toEqual({
    's3:GetObject': ['allowed'],
    's3:PutObject': ['implicitDeny', 'aws:requestedregion'],
    's3:DeleteObject': ['implicitDeny'],
  });
  const entry = {
    ContextKeyName: 'aws:RequestedRegion',
    ContextKeyValues: ['us-east-1'],
    ContextKeyType: 'string' as const,
  };
  expect(await simulate({ ContextEntries: [entry] })).toMatchObject({ 's3:PutObject': ['explicitDeny'] });
  // A resource's policy counts where it is sent along.
  const ResourcePolicy = document({
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: `${bucketArn}/*`,
  });
  expect(await simulate({ ResourcePolicy })).toMatchObject({ 's3:GetObject': ['explicitDeny'] });
});

test('simulates roles by their inline and attached policies, and no sessions', async ({
  account,
  iam,
  simulate,
}) => {
  const AssumeRolePolicyDocument = document({
    Effect: 'Allow',
    Principal: { AWS: accountId },
    Action: 'sts:AssumeRole',
  });
  await iam.send(new CreateRoleCommand({ RoleName: 'ci', Path: '/bots/', AssumeRolePolicyDocument }));
  const PolicySourceArn = `arn:aws:iam::${accountId}:role/bots/ci`;
  expect(await simulate({ PolicySourceArn })).toMatchObject({ 's3:GetObject': ['implicitDeny'] });
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'read', PolicyDocument: policy }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'ci', PolicyArn: Policy!.Arn }));
  expect(await simulate({ PolicySourceArn })).toMatchObject({ 's3:GetObject': ['allowed'] });
  for (const wrong of [`arn:aws:sts::${accountId}:assumed-role/ci/session`, `arn:aws:iam::${accountId}:root`])
    await expect(simulate({ PolicySourceArn: wrong })).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  await expect(simulate({ PolicySourceArn: `arn:aws:iam::${accountId}:role/ci` })).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });

  const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'ci' }));
  expect(AttachedPolicies).toEqual([{ PolicyArn: Policy!.Arn, PolicyName: 'read' }]);
  const PolicyArn = Policy!.Arn!;
  const known = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = known.Policy!.DefaultVersionId!;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  expect(decodeURIComponent(PolicyVersion!.Document!)).toBe(policy);
  await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
  });
  expect(account.calls('SimulatePrincipalPolicy').length).toBeGreaterThan(0);
});
