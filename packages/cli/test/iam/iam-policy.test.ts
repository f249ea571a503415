import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { runInProcess } from '../support/in-process.ts';

interface Statement {
  readonly Sid?: string;
  readonly Action: readonly string[] | string;
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('writeConfig', async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'iam-policy-'));
    onCleanup(() => rm(directory, { recursive: true, force: true }));
    return async (yaml: string) => {
      const path = join(directory, 'ec2-image.yaml');
      await writeFile(path, yaml);
      return ['--config', path];
    };
  });

/** The policy, as it is printed. */
async function printed(...args: readonly string[]): Promise<readonly Statement[]> {
  const { exitCode, stdout, stderr } = await runInProcess(['iam-policy', ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return (JSON.parse(stdout) as { Statement: readonly Statement[] }).Statement;
}

const resources = (statements: readonly Statement[]) => statements.flatMap(({ Resource }) => Resource);
const actions = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => Action);

test('is for the buckets, prefixes and regions that are given, in their partition', async () => {
  const statements = await printed(
    '--bucket',
    'one-bucket',
    '--bucket',
    'two-buckets',
    '--region',
    'cn-north-1',
  );
  expect(resources(statements)).toEqual(
    expect.arrayContaining([
      'arn:aws-cn:s3:::one-bucket',
      'arn:aws-cn:s3:::two-buckets/ec2-image/*',
      'arn:aws-cn:ec2:cn-north-1::snapshot/*',
    ]),
  );
  expect(resources(statements).join('\n')).not.toContain('arn:aws:');
});

test('is for what the images of the configuration use', async ({ writeConfig }) => {
  const config = await writeConfig(`
bucket: images-bucket
key-prefix: disks/
images:
  a: { url: https://example.org/a.qcow2, region: eu-west-1, sha256: ${'a'.repeat(64)}, arch: x86_64, suffix: 1 }
  b: { url: https://example.org/b.qcow2, region: us-gov-west-1, sha256: ${'b'.repeat(64)}, arch: arm64, suffix: 1, via: ebs }
`);
  const statements = await printed(...config);
  expect(actions(statements)).toEqual(expect.arrayContaining(['s3:PutObject', 'ebs:StartSnapshot']));
  expect(resources(statements)).toContain('arn:aws:s3:::images-bucket/disks/*');
  expect(resources(statements)).toEqual(
    expect.arrayContaining(['arn:aws:ec2:eu-west-1::image/*', 'arn:aws-us-gov:ec2:us-gov-west-1::image/*']),
  );
  const sids = statements.map(({ Sid }) => Sid);
  expect(new Set(sids).size).toBe(sids.length);
});

test('reads the objects that images of the configuration come from', async ({ writeConfig }) => {
  const config = await writeConfig(`
region: eu-west-1
images:
  a: { url: [s3://from/a b.raw, "https://example.org/a.raw"], checksum-url: s3://sums/SHA256SUMS, arch: arm64 }
  b: { url: "s3://from/\${NOT_SET}", sha256: ${'b'.repeat(64)}, arch: arm64 }
`);
  const [reads] = (await printed(...config)).filter(({ Sid }) => Sid === 'ReadTheImages');
  expect(reads).toMatchObject({
    Action: ['s3:GetObject'],
    Resource: ['arn:aws:s3:::from/a b.raw', 'arn:aws:s3:::sums/SHA256SUMS'],
  });
  expect((await printed('verify', ...config)).map(({ Sid }) => Sid)).not.toContain('ReadTheImages');
});

test('is for a boot test where an option or an image asks for one', async ({ writeConfig }) => {
  const testsBoot = async (...args: readonly string[]) =>
    actions(await printed(...args)).includes('ec2:RunInstances');
  const config = (setting: string) =>
    writeConfig(`
boot-test: true
images:
  a: { url: https://example.org/a.qcow2, sha256: ${'a'.repeat(64)}, arch: x86_64, boot-test: ${setting} }
`);
  expect(await testsBoot()).toBe(false);
  expect(await testsBoot('--boot-test', 'true')).toBe(true);
  expect(await testsBoot(...(await config('{ timeout: 90s }')))).toBe(true);
  expect(await testsBoot(...(await config('false')))).toBe(false);
});

test('of several commands has what they have in common once', async () => {
  const [verify, both] = [await printed('verify'), await printed('verify', 'import', '--via', 'ebs')];
  const reads = (statements: readonly Statement[]) =>
    statements.filter(({ Action }) => Action.includes('ebs:GetSnapshotBlock')).length;
  expect([reads(verify), reads(both)]).toEqual([1, 1]);
});

test('of the role trusts VM Import on behalf of one account alone', async () => {
  const [statement] = await printed('role-trust', '--bucket-owner', '123456789012');
  expect(statement).toMatchObject({
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: { 'sts:ExternalId': 'vmimport', 'aws:SourceAccount': '123456789012' },
      ArnLike: { 'aws:SourceArn': 'arn:aws:vmie:*:123456789012:*' },
    },
  });
});

test.each([
  [['improt'], /no policy for "improt"\. Did you mean "?import/],
  [['role-trust', 'import'], /documents of their own/],
])('%j is wrong usage', async (words, message) => {
  const { exitCode, stderr } = await runInProcess(['iam-policy', ...words]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});
