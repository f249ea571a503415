import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startLocalAws } from '../src/index.ts';
import { openAccount } from './support/account.ts';
import { makeDirectory } from './support/process.ts';

const refused = (code: string) =>
  expect.objectContaining({ name: 'LocalAwsError', code, hint: expect.any(String) });

test('what it cannot start with is said by a code, with what to do', async () => {
  await using running = await openAccount();
  await using directory = await makeDirectory();
  const { path } = directory;
  await expect(startLocalAws({ directory: path, port: running.aws.port })).rejects.toEqual(
    refused('ADDRESS_UNAVAILABLE'),
  );
  await expect(startLocalAws({ directory: path, buckets: ['Not A Bucket'] })).rejects.toEqual(
    refused('BUCKET_NAME_INVALID'),
  );
  await expect(
    startLocalAws({ directory: path, faults: [{ action: { kind: 'drop', when: 'never' as 'after' } }] }),
  ).rejects.toEqual(refused('FAULT_INVALID'));
  const file = join(path, 'file');
  await writeFile(file, 'not a directory');
  await expect(startLocalAws({ directory: file })).rejects.toEqual(refused('STATE_UNUSABLE'));
});

test('it listens where it is told to, IPv6 as well', async () => {
  await using directory = await makeDirectory();
  const aws = await startLocalAws({ directory: directory.path, host: '::1' });
  expect(aws.url).toBe(`http://[::1]:${aws.port}`);
  expect((await fetch(`${aws.url}/_local-aws/calls`)).status).toBe(200);
  await aws.close();
});
