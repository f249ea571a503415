import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { test } from 'vitest';
import { seedEc2 } from '../../src/index.ts';
import { describe, expect, openAccount, type TestAccount } from '../support/account.ts';

const id = (number: number) => `ami-${String(number).padStart(17, '0')}`;
const [first, second, pending, disabled] = [1, 2, 3, 4].map(id) as [string, string, string, string];
const name = '/images/debian';

async function openWithImages(conditions: 'adverse' | 'calm'): Promise<TestAccount> {
  const account = await openAccount({ conditions, seed: 3, maxAttempts: 5 });
  seedEc2({
    directory: account.directory,
    images: [
      { id: first, name: 'first', snapshotIds: [] },
      { id: second, name: 'second', snapshotIds: [] },
      { id: pending, name: 'pending', snapshotIds: [], state: 'pending' },
      { id: disabled, name: 'disabled', snapshotIds: [], state: 'disabled' },
    ],
  });
  return account;
}

const put = async (ssm: SSMClient, Value: string) =>
  (
    await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value,
        Type: 'String',
        DataType: 'aws:ec2:image',
        Overwrite: true,
      }),
    )
  ).Version;

/** What each of so many reads shows. */
async function reads(ssm: SSMClient, count: number): Promise<(string | undefined)[]> {
  const shown: (string | undefined)[] = [];
  for (let n = 0; n < count; n += 1) {
    const answer = await ssm
      .send(new GetParameterCommand({ Name: name }))
      .catch(({ name: code }: Error) => ({ Parameter: { Value: code } }));
    shown.push(answer.Parameter?.Value);
  }
  return shown;
}

describe('a parameter of the type aws:ec2:image', () => {
  test('is validated before the answer where nothing is adverse, and PutParameter answers 200 either way', async () => {
    await using account = await openWithImages('calm');
    const ssm = account.client(SSMClient);
    for (const refused of ['no id', id(9), pending, disabled]) expect(await put(ssm, refused)).toBe(1);
    expect(await reads(ssm, 1)).toEqual(['ParameterNotFound']);
    expect(await put(ssm, first)).toBe(1);
    expect(await put(ssm, pending)).toBe(2);
    expect(await reads(ssm, 1)).toEqual([first]);
    expect(await put(ssm, second)).toBe(2);
    expect(await reads(ssm, 1)).toEqual([second]);
  });

  test('shows some reads later, or never', async () => {
    await using account = await openWithImages('adverse');
    const ssm = account.client(SSMClient);
    expect(await put(ssm, first)).toBe(1);
    const seen = await reads(ssm, 5);
    expect(seen[0]).toBe('ParameterNotFound');
    expect(seen.at(-1)).toBe(first);
    await put(ssm, pending);
    expect(new Set(await reads(ssm, 5))).toEqual(new Set([first]));
    const before = account.observer.client(SSMClient);
    expect(await put(ssm, second)).toBe(2);
    // Whoever watches counts as nobody.
    expect(new Set(await reads(before, 5))).toEqual(new Set([first]));
    expect((await reads(ssm, 5)).at(-1)).toBe(second);
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: name, MaxResults: 50 }));
    for (const { DataType } of Parameters!) expect(DataType).toBe('aws:ec2:image');
  });

  test('is decided by the next put, and its version is used once', async () => {
    await using account = await openWithImages('adverse');
    const ssm = account.client(SSMClient);
    expect(await put(ssm, first)).toBe(1);
    expect(await put(ssm, second)).toBe(2);
    expect((await reads(ssm, 5)).at(-1)).toBe(second);
  });
});
