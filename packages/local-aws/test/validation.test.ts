import { AutoScalingClient, DescribeLaunchConfigurationsCommand } from '@aws-sdk/client-auto-scaling';
import { GetRoleCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { DescribeParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DecodeAuthorizationMessageCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, test } from 'vitest';
import type { TestAccount } from '../src/testing/index.ts';
import type { Constraint } from '../src/validation/api-model.ts';
import { findViolations } from '../src/validation/find-violations.ts';
import { expect, openAccount } from './support/account.ts';

const text: Constraint = { type: 'string', min: 2, max: 4, pattern: '[a-z]+' };
const structure: Constraint = {
  type: 'structure',
  required: ['Name'],
  members: {
    Name: text,
    Kind: { type: 'string', enum: ['a', 'b'] },
    Count: { type: 'integer', min: 1, max: 3 },
    Tags: { type: 'list', max: 1, member: { type: 'structure', members: { Key: text } } },
  },
};

test.each<[object, RegExp[]]>([
  [{ Name: 'abc' }, []],
  [{}, [/^Value null at 'name' .* must not be null$/]],
  [{ Name: 'a' }, [/^Value 'a' at 'name' .* length greater than or equal to 2$/]],
  [{ Name: 'abcde' }, [/length less than or equal to 4$/]],
  [{ Name: 'ab1' }, [/satisfy regular expression pattern: \[a-z\]\+$/]],
  [{ Name: 'abc', Kind: 'c' }, [/^Value 'c' at 'kind' .* enum value set: \[a, b\]$/]],
  [{ Name: 'abc', Count: 0 }, [/at 'count' .* value greater than or equal to 1$/]],
  [{ Name: 'abc', Count: 4 }, [/value less than or equal to 3$/]],
  [
    { Name: 'abc', Tags: [{ Key: 'abc' }, { Key: 'A' }] },
    [/at 'tags' .* length less/, /at 'tags\.2\.member\.key'/, /pattern/],
  ],
  [{ Name: 'ab\u{1F600}\u{1F600}' }, [/pattern/]],
])('%j', (input, messages) => {
  const found = findViolations(structure, input);
  expect(found).toHaveLength(messages.length);
  for (const [index, message] of messages.entries()) expect(found[index]).toMatch(message);
});

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

test.each<[string, string, (account: TestAccount) => Promise<unknown>, RegExp]>([
  [
    'IAM',
    'ValidationError',
    ({ client }) => client(IAMClient).send(new GetRoleCommand({ RoleName: 'r'.repeat(65) })),
    /'roleName' .* length less than or equal to 64/,
  ],
  [
    'IAM',
    'ValidationError',
    ({ client }) => client(IAMClient).send(new GetRoleCommand({ RoleName: 'a b' })),
    /regular expression/,
  ],
  [
    'IAM',
    'ValidationError',
    ({ client }) =>
      client(IAMClient).send(new ListRolePoliciesCommand({ RoleName: 'vmimport', MaxItems: 1001 })),
    /'maxItems' .* less than or equal to 1000/,
  ],
  [
    'STS',
    'ValidationError',
    ({ client }) =>
      client(STSClient).send(new DecodeAuthorizationMessageCommand({ EncodedMessage: 'x'.repeat(10_241) })),
    /'encodedMessage'/,
  ],
  [
    'Auto Scaling',
    'ValidationError',
    ({ client }) =>
      client(AutoScalingClient).send(
        new DescribeLaunchConfigurationsCommand({ LaunchConfigurationNames: [''] }),
      ),
    /'launchConfigurationNames\.1\.member' .* greater than or equal to 1/,
  ],
  [
    'SSM',
    'ValidationException',
    ({ client }) =>
      client(SSMClient).send(new PutParameterCommand({ Name: '/a', Value: 'v', Type: 'Text' as 'String' })),
    /'type' .* enum value set: \[String, StringList, SecureString\]/,
  ],
  [
    'SSM',
    'ValidationException',
    ({ client }) => client(SSMClient).send(new DescribeParametersCommand({ MaxResults: 51 })),
    /'maxResults' .* less than or equal to 50/,
  ],
])('%s refuses with %s what its model rules out: %#', async (_service, name, call, message) => {
  await expect(call(account)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
});
