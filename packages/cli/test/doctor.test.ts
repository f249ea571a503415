import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { trustProblem } from '../src/doctor/trust.ts';
import { bucket, openAccount, undisturbedCalls } from './support/account.ts';
import { makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { runCli } from './support/run-cli.ts';

interface DoctorDocument {
  readonly doctor: {
    readonly checks: readonly { readonly check: string; readonly state: string; readonly hint?: string }[];
    readonly nothingFound: boolean;
  };
}

test('all is well, and then the bucket is gone and the credentials are', async () => {
  await using account = await openAccount();
  const args = [
    'doctor',
    '--json',
    '--bucket',
    bucket,
    '--endpoint-url',
    account.aws.url,
    '--work-dir',
    await makeWorkDirectory(),
  ];
  const before = account.aws.calls.list().length;
  const well = await runInProcess(args, { env: { PATH: process.env.PATH! } });
  const states = (run: Pick<typeof well, 'json'>) =>
    Object.fromEntries(run.json<DoctorDocument>().doctor.checks.map(({ check, state }) => [check, state]));
  expect(well.exitCode, well.stdout).toBe(0);
  expect(states(well)).toMatchObject({
    'qemu-img': 'ok',
    xz: 'ok',
    credentials: 'ok',
    identity: 'ok',
    clock: 'ok',
    [`bucket ${bucket}`]: 'ok',
    [`objects in ${bucket}`]: 'ok',
    'role vmimport': 'ok',
    'permissions of import': 'ok',
  });
  const changing = account.aws.calls
    .list()
    .slice(before)
    .filter(({ mutating, parameters }) => mutating && parameters.DryRun === undefined);
  const ownObject = /^ec2-image\/ec2-image-doctor-[0-9a-f]{16}$/;
  for (const { operation, parameters } of changing) {
    if (operation !== 'SimulatePrincipalPolicy') expect(parameters.key, operation).toMatch(ownObject);
  }
  expect(await account.contents()).toMatchObject({ objects: [], uploads: [], tasks: [], images: [] });

  await account.s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  const ill = await runCli(args, { env: { PATH: '/nonexistent' } });
  expect(ill.exitCode).toBe(1);
  expect(states(ill)).toMatchObject({ 'qemu-img': 'failed', [`bucket ${bucket}`]: 'failed' });

  const locked = await runCli(args, {
    env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
  });
  expect(locked.exitCode).toBe(1);
  expect(states(locked)).toMatchObject({ credentials: 'failed' });
});

test('what may not be called is named with its action', async () => {
  await using account = await openAccount();
  for (const operation of ['DescribeTags', 'GetRole']) {
    account.aws.faults.add({
      match: { operation },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
  }
  const run = await runInProcess(['doctor', '--json', '--endpoint-url', account.aws.url]);
  expect(run.exitCode).toBe(1);
  expect(run.json<DoctorDocument>().doctor.checks).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        check: 'permissions of import',
        state: 'failed',
        detail: expect.stringContaining('denied: ec2:DescribeTags'),
      }),
      expect.objectContaining({
        check: 'role vmimport',
        state: 'warning',
        detail: 'not checked: iam:GetRole denied',
      }),
    ]),
  );
});

test('changes nothing: a work directory that is missing is not created', async () => {
  await using account = await openAccount();
  const parent = await makeWorkDirectory();
  const workDirectory = join(parent, 'a', 'work');
  const to = ['--work-dir', workDirectory, '--json', '--region', 'us-east-1'];
  for (const where of [['--endpoint-url', account.aws.url], ['--local']]) {
    const run = await runInProcess(['doctor', ...where, ...to]);
    expect(run.json<DoctorDocument>().doctor.checks).toContainEqual(
      expect.objectContaining({
        check: 'work directory',
        detail: expect.stringContaining('(not created yet)'),
      }),
    );
    expect(await readdir(parent)).toEqual([]);
  }
  await writeFile(join(parent, 'a'), '');
  const blocked = await runInProcess(['doctor', '--endpoint-url', account.aws.url, ...to]);
  expect(blocked.json<DoctorDocument>().doctor.checks).toContainEqual(
    expect.objectContaining({ check: 'work directory', state: 'failed' }),
  );
});

test('a wrong clock is told, and no call is repeated for it', async () => {
  await using account = await openAccount({ now: () => Date.now() + 20 * 60_000 });
  const run = await runCli(['doctor', '--json', '--bucket', bucket, '--endpoint-url', account.aws.url]);
  expect(run.json<DoctorDocument>().doctor.checks).toContainEqual(
    expect.objectContaining({ check: 'clock', state: 'failed' }),
  );
  const repeated = ['GetBucketPolicy', 'HeadObject', 'RegisterImage', 'GetBucketLifecycleConfiguration'];
  expect(repeated.map((operation) => undisturbedCalls(account, operation).length)).toEqual(
    repeated.map(() => 1),
  );
});

describe('variables of the configuration that are not set', () => {
  const source = (top: string) => `region: \${NOPE_G}
bucket: \${NOPE_B}
role-name: \${NOPE_R}
${top}images:
  one: { url: ./one.raw, sha256: ${'a'.repeat(64)}, arch: x86_64 }
`;
  const flags = ['--region', 'us-east-1', '--role-name', 'vmimport'];

  async function examine(top: string, ...args: string[]) {
    await using account = await openAccount();
    const config = join(await makeWorkDirectory(), 'ec2-image.yaml');
    await writeFile(config, source(top));
    await writeFile(join(config, '..', 'one.raw'), 'a disk');
    const to = ['--config', config, '--json', '--endpoint-url', account.aws.url];
    return await runInProcess(['doctor', ...to, ...args], { env: { PATH: process.env.PATH! } });
  }

  test('are not asked for beside a flag', async () => {
    const run = await examine('', ...flags, '--bucket', bucket);
    expect(run.exitCode, run.stderr).toBe(0);
    const { checks } = run.json<DoctorDocument>().doctor;
    expect(checks).toContainEqual(expect.objectContaining({ check: `bucket ${bucket}`, state: 'ok' }));
    expect(checks).toContainEqual(expect.objectContaining({ check: 'role vmimport', state: 'ok' }));
    expect(checks).toContainEqual(
      expect.objectContaining({ state: 'skipped', detail: expect.stringContaining('${NOPE_B} is not set') }),
    );
    expect((await examine('', ...flags)).stderr).toContain('${NOPE_B} is not set, and bucket needs it');
  });

  test('leave the rest of their image to be checked', async () => {
    const run = await examine('suffix: ${NOPE_S}\n', ...flags, '--bucket', bucket);
    expect(run.exitCode, run.stderr).toBe(0);
    const { checks, nothingFound } = run.json<DoctorDocument>().doctor;
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'configuration of one',
        state: 'skipped',
        detail: expect.stringContaining('${NOPE_S} is not set'),
      }),
    );
    expect(checks).toContainEqual(expect.objectContaining({ check: 'image one', state: 'ok' }));
    expect(nothingFound).toBe(false);
  });

  test('are not asked for by images that go by way of EBS', async () => {
    const run = await examine('via: ebs\n', '--region', 'us-east-1');
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.json<DoctorDocument>().doctor.checks).not.toContainEqual(
      expect.objectContaining({ check: 'role vmimport' }),
    );
  });
});

const here = { account: '123456789012', region: 'us-east-1', partition: 'aws' };

function trusting(Condition: object, others: object = {}): string {
  return JSON.stringify({
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'vmie.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition,
        ...others,
      },
    ],
  });
}

test.each([
  [trusting({}), undefined],
  [trusting({}, { Principal: { Service: ['ec2.amazonaws.com', 'vmie.amazonaws.com'] } }), undefined],
  [trusting({}, { Effect: 'Deny' }), /does not name/],
  [trusting({}, { Principal: { AWS: '*' } }), /does not name/],
  [trusting({ StringEquals: { 'sts:ExternalId': 'vmimport' } }), undefined],
  [trusting({ StringEquals: { 'sts:Externalid': ['other', 'vmimport'] } }), undefined],
  [trusting({ StringEquals: { 'aws:SourceAccount': '123456789012' } }), undefined],
  [trusting({ ArnLike: { 'aws:SourceArn': 'arn:aws:vmie:*:123456789012:*' } }), undefined],
  [trusting({ StringEquals: { 'sts:ExternalId': 'vm-import' } }), /another sts:ExternalId/],
  [trusting({ StringEquals: { 'aws:SourceAccount': '999999999999' } }), /on behalf of account/],
  [trusting({}, { Action: 'sts:TagSession' }), /on behalf of account/],
  ['', /cannot be read/],
])('the trust policy %s', (document, problem) => {
  if (problem) expect(trustProblem(document, here)).toMatch(problem);
  else expect(trustProblem(document, here)).toBeUndefined();
});
