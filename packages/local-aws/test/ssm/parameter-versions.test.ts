import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { openParameterStore } from '../../src/ssm/parameter-store.ts';
import { openStore } from '../../src/store/store.ts';
import { accountId, expect, refusal, testWith } from '../support/account.ts';

const test = testWith().extend('ssm', { scope: 'file' }, ({ account }) => account.client(SSMClient));

const put = (ssm: SSMClient, Name: string, Value: string, more: Partial<PutParameterCommandInput> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true, ...more }));

test('each version can be read, and the history tells all that are kept', async ({ ssm }) => {
  for (const value of ['first', 'second', 'third']) await put(ssm, '/a/versions', value);
  const { Parameters, InvalidParameters } = await ssm.send(
    new GetParametersCommand({ Names: ['/a/versions', '/a/versions:2', '/a/versions:4'] }),
  );
  expect(Parameters!.map(({ Version, Value, Selector }) => [Version, Value, Selector])).toEqual([
    [3, 'third', undefined],
    [2, 'second', ':2'],
  ]);
  expect(InvalidParameters).toEqual(['/a/versions:4']);
  await expect(ssm.send(new GetParameterCommand({ Name: '/a/versions:4' }))).rejects.toEqual(
    refusal('ParameterVersionNotFound'),
  );
  const history = async (NextToken?: string) =>
    ssm.send(new GetParameterHistoryCommand({ Name: '/a/versions', MaxResults: 2, NextToken }));
  const first = await history();
  const rest = await history(first.NextToken);
  expect([...first.Parameters!, ...rest.Parameters!].map(({ Version, Value }) => [Version, Value])).toEqual([
    [1, 'first'],
    [2, 'second'],
    [3, 'third'],
  ]);
  expect(rest.NextToken).toBeUndefined();
});

test('a hundred versions are kept', async ({ account, ssm }) => {
  await put(ssm, '/hundred', 'first');
  const store = openStore({ directory: account.directory });
  const parameters = openParameterStore({ store, now: Date.now });
  const place = { accountId, region: 'us-east-1' };
  const next = {
    name: '/hundred',
    type: 'String',
    value: 'next',
    description: null,
    dataType: 'text',
  } as const;
  for (let n = 2; n <= 101; n += 1) parameters.put(place, next);
  store.close();
  const kept = await ssm.send(new GetParameterHistoryCommand({ Name: '/hundred', MaxResults: 1 }));
  expect(kept.Parameters).toMatchObject([{ Version: 2, Value: 'next' }]);
});

test('a deleted parameter starts from version 1', async ({ ssm }) => {
  await put(ssm, '/deleted', 'old');
  await ssm.send(new DeleteParameterCommand({ Name: '/deleted' }));
  expect(await put(ssm, '/deleted', 'new')).toMatchObject({ Version: 1 });
  const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: '/deleted' }));
  expect(Parameters).toMatchObject([{ Version: 1, Value: 'new' }]);
  await expect(ssm.send(new GetParameterHistoryCommand({ Name: '/none' }))).rejects.toEqual(
    refusal('ParameterNotFound'),
  );
});

test('a path stands for what lies right below it, or for all', async ({ ssm }) => {
  for (const name of ['/p/one', '/p/two', '/p/q/three']) await put(ssm, name, 'v');
  const names = async (Recursive: boolean) => {
    const { Parameters } = await ssm.send(new GetParametersByPathCommand({ Path: '/p', Recursive }));
    return Parameters!.map(({ Name }) => Name);
  };
  expect(await names(false)).toEqual(['/p/one', '/p/two']);
  expect(await names(true)).toEqual(['/p/one', '/p/q/three', '/p/two']);
});

test.for<[string, Partial<PutParameterCommandInput>, string]>([
  ['/aws/mine', {}, 'AccessDeniedException'],
  ['ssm-mine', {}, 'ValidationException'],
  ['/with space', {}, 'ValidationException'],
  ['a/b', {}, 'ValidationException'],
  [`/${'a/'.repeat(15)}b`, {}, 'HierarchyLevelLimitExceededException'],
  ['/n', { DataType: 'AWS:EC2:IMAGE' }, 'ValidationException'],
  ['/n', { DataType: 'aws:ec2:image', Type: 'StringList' }, 'ValidationException'],
  ['/n', { Value: 'x'.repeat(4097) }, 'ValidationException'],
])('PutParameter refuses %s with %o', async ([name, more, code], { ssm }) => {
  await expect(put(ssm, name, 'v', more)).rejects.toEqual(refusal(code));
});
