import {
  DeleteParameterCommand,
  type DescribeParametersCommandInput,
  GetParameterCommand,
  GetParametersCommand,
  type ParameterStringFilter,
  PutParameterCommand,
  paginateDescribeParameters,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { accountId, describe, expect, refusal, testWith } from '../support/account.ts';

const value = 'the value';

const test = testWith().extend('ssm', { scope: 'file' }, async ({ account }) => {
  const ssm = account.client(SSMClient);
  for (const Name of ['/a/b', '/a/b/c', '/a/d', 'plain']) {
    await ssm.send(
      new PutParameterCommand({ Name, Value: value, Type: Name === 'plain' ? 'StringList' : 'String' }),
    );
  }
  return ssm;
});

test('gives a parameter back, by its name and by its ARN', async ({ ssm }) => {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/a/b' }));
  expect(Parameter).toEqual({
    Name: '/a/b',
    Type: 'String',
    Value: value,
    Version: 1,
    LastModifiedDate: expect.any(Date),
    ARN: `arn:aws:ssm:us-east-1:${accountId}:parameter/a/b`,
    DataType: 'text',
  });
  expect(Math.abs(Parameter!.LastModifiedDate!.getTime() - Date.now())).toBeLessThan(60_000);
  const { Parameter: same } = await ssm.send(new GetParameterCommand({ Name: Parameter!.ARN }));
  expect(same).toEqual(Parameter);
  const plain = await ssm.send(
    new GetParameterCommand({ Name: `arn:aws:ssm:us-east-1:${accountId}:parameter/plain` }),
  );
  expect(plain.Parameter!.Name).toBe('plain');
});

test('says which of several it does not have', async ({ ssm }) => {
  const { Parameters, InvalidParameters } = await ssm.send(
    new GetParametersCommand({ Names: ['plain', 'absent'] }),
  );
  expect(Parameters!.map(({ Name }) => Name)).toEqual(['plain']);
  expect(InvalidParameters).toEqual(['absent']);
  const eleven = Array.from({ length: 11 }, (_, n) => String(n));
  await expect(ssm.send(new GetParametersCommand({ Names: eleven }))).rejects.toEqual(
    refusal('ValidationException', /'names' .* length less than or equal to 10/),
  );
});

test('overwrites on request alone, counting versions', async ({ ssm }) => {
  const put = (Overwrite?: boolean) =>
    ssm.send(new PutParameterCommand({ Name: 'changing', Value: 'v', Type: 'String', Overwrite }));
  expect(await put()).toMatchObject({ Version: 1, Tier: 'Standard' });
  await expect(put()).rejects.toEqual(refusal('ParameterAlreadyExists'));
  expect(await put(true)).toMatchObject({ Version: 2 });
  await ssm.send(new DeleteParameterCommand({ Name: 'changing' }));
  await expect(ssm.send(new DeleteParameterCommand({ Name: 'changing' }))).rejects.toEqual(
    refusal('ParameterNotFound'),
  );
});

describe('DescribeParameters', () => {
  const names = async (ssm: SSMClient, given: DescribeParametersCommandInput) => {
    const found: (string | undefined)[] = [];
    for await (const { Parameters } of paginateDescribeParameters({ client: ssm, pageSize: 2 }, given)) {
      expect(Parameters!.length).toBeLessThanOrEqual(2);
      found.push(...Parameters!.map(({ Name }) => Name));
    }
    return found;
  };

  test.for([
    [[], ['/a/b', '/a/b/c', '/a/d', 'plain']],
    [[{ Key: 'Type', Option: 'Equals', Values: ['StringList'] }], ['plain']],
    [[{ Key: 'Name', Values: ['/a/d', 'plain'] }], ['/a/d', 'plain']],
    [[{ Key: 'Name', Option: 'BeginsWith', Values: ['/a/b'] }], ['/a/b', '/a/b/c']],
    [[{ Key: 'Name', Option: 'Contains', Values: ['b'] }], ['/a/b', '/a/b/c']],
    [[{ Key: 'Path', Option: 'OneLevel', Values: ['/a'] }], ['/a/b', '/a/d']],
    [[{ Key: 'Path', Option: 'Recursive', Values: ['/a'] }], ['/a/b', '/a/b/c', '/a/d']],
  ] as [ParameterStringFilter[], string[]][])('by %j', async ([ParameterFilters, expected], { ssm }) => {
    expect(await names(ssm, { ParameterFilters })).toEqual(expected);
  });

  test('refuses a filter that it does not know', async ({ ssm }) => {
    await expect(names(ssm, { ParameterFilters: [{ Key: 'KeyId', Values: ['x'] }] })).rejects.toEqual(
      refusal('InvalidFilterKey'),
    );
  });
});

test('a parameter needs a type, and its value is not logged', async ({ account, ssm }) => {
  await expect(ssm.send(new PutParameterCommand({ Name: 'n', Value: 'secret' }))).rejects.toEqual(
    refusal('ValidationException', /type is required/),
  );
  expect(account.aws.calls.list().at(-1)).toMatchObject({
    operation: 'PutParameter',
    parameters: { Name: 'n' },
  });
  expect(JSON.stringify(account.aws.calls.list())).not.toContain('secret');
});
