import {
  DeleteParameterCommand,
  type DescribeParametersCommandInput,
  GetParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  paginateDescribeParameters,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountId, openAccount, refusal } from '../ec2/account.ts';

let account: Account;
let ssm: SSMClient;
const value = 'the value';

beforeAll(async () => {
  account = await openAccount();
  ssm = new SSMClient({
    endpoint: account.aws.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  for (const Name of ['/a/b', '/a/b/c', '/a/d', 'plain']) {
    await ssm.send(
      new PutParameterCommand({ Name, Value: value, Type: Name === 'plain' ? 'StringList' : 'String' }),
    );
  }
});
afterAll(async () => {
  ssm.destroy();
  await account[Symbol.asyncDispose]();
});

it('gives a parameter back, by its name and by its ARN', async () => {
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

it('says which of several it does not have', async () => {
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

it('overwrites on request alone, counting versions', async () => {
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
  const names = async (given: DescribeParametersCommandInput) => {
    const found: (string | undefined)[] = [];
    for await (const { Parameters } of paginateDescribeParameters({ client: ssm, pageSize: 2 }, given)) {
      expect(Parameters!.length).toBeLessThanOrEqual(2);
      found.push(...Parameters!.map(({ Name }) => Name));
    }
    return found;
  };

  it.each([
    [[], ['/a/b', '/a/b/c', '/a/d', 'plain']],
    [[{ Key: 'Type', Option: 'Equals', Values: ['StringList'] }], ['plain']],
    [[{ Key: 'Name', Values: ['/a/d', 'plain'] }], ['/a/d', 'plain']],
    [[{ Key: 'Name', Option: 'BeginsWith', Values: ['/a/b'] }], ['/a/b', '/a/b/c']],
    [[{ Key: 'Name', Option: 'Contains', Values: ['b'] }], ['/a/b', '/a/b/c']],
    [[{ Key: 'Path', Option: 'OneLevel', Values: ['/a'] }], ['/a/b', '/a/d']],
    [[{ Key: 'Path', Option: 'Recursive', Values: ['/a'] }], ['/a/b', '/a/b/c', '/a/d']],
  ])('by %j', async (ParameterFilters, expected) => {
    expect(await names({ ParameterFilters })).toEqual(expected);
  });

  it('refuses a filter that it does not know', async () => {
    await expect(names({ ParameterFilters: [{ Key: 'KeyId', Values: ['x'] }] })).rejects.toEqual(
      refusal('InvalidFilterKey'),
    );
  });
});

it('a parameter needs a type, and its value is not logged', async () => {
  await expect(ssm.send(new PutParameterCommand({ Name: 'n', Value: 'secret' }))).rejects.toEqual(
    refusal('ValidationException', /type is required/),
  );
  expect(account.aws.calls.list().at(-1)).toMatchObject({
    operation: 'PutParameter',
    parameters: { Name: 'n' },
  });
  expect(JSON.stringify(account.aws.calls.list())).not.toContain('secret');
});
