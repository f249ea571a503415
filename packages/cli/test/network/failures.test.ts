import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bucket } from '../support/account.ts';
import { type BehindProxy, openBehindProxy } from '../support/behind-proxy.ts';

interface DoctorDocument {
  readonly doctor: {
    readonly checks: readonly {
      readonly check: string;
      readonly state: string;
      readonly detail: string;
      readonly hint?: string;
    }[];
  };
}

let behind: BehindProxy;
beforeAll(async () => {
  behind = await openBehindProxy({ proxy: { credentials: 'me:secret' } });
});
afterEach(() => behind.proxy.answer(200));
afterAll(() => behind[Symbol.asyncDispose]());

const quickly = ['--max-attempts', '1'];

async function doctor(env: Readonly<Record<string, string | undefined>> = {}) {
  const end = await behind.run(['doctor', '--bucket', bucket, '--json', ...quickly], env);
  expect(end.stdout + end.stderr).not.toMatch(/INTERNAL|secret/);
  return end.json<DoctorDocument>().doctor.checks;
}

describe('a proxy that lets one service not through is named', () => {
  test.each([
    ['credentials', /^sts\./],
    ['quota of snapshots', /^ec2\./],
    ['KMS key of snapshots', /^ec2\./],
    ['role vmimport', /^iam\./],
    [`bucket ${bucket}`, /\.s3\./],
  ])('%s', async (check, hosts) => {
    behind.proxy.answer(403, hosts);
    expect(await doctor()).toContainEqual({
      check,
      state: 'failed',
      detail: expect.stringMatching(/the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) answered 403/),
      hint: expect.stringContaining('NO_PROXY'),
    });
  });
});

test('a proxy that asks for a password', async () => {
  const checks = await doctor({ HTTPS_PROXY: behind.proxy.url });
  expect(checks).toContainEqual({
    check: 'credentials',
    state: 'failed',
    detail: expect.stringMatching(/answered 407 .*asks for a user and password/),
    hint: expect.stringContaining('Set HTTPS_PROXY to http://USER:PASSWORD@host:port'),
  });
});

test('a proxy that is not there', async () => {
  expect(await doctor({ HTTPS_PROXY: undefined, all_proxy: 'proxy.invalid:3128' })).toContainEqual({
    check: 'credentials',
    state: 'failed',
    detail: expect.stringContaining('cannot reach the proxy proxy.invalid:3128 (all_proxy)'),
    hint: expect.stringContaining('all_proxy'),
  });
});

/** The environment of a profile whose user logged in, with a token of the portal. */
async function logIn(accessToken: string) {
  const startUrl = 'https://corp.awsapps.com/start';
  await behind.configure(`[profile sso]
sso_start_url = ${startUrl}
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = Importer
`);
  const cache = join(behind.home, '.aws', 'sso', 'cache');
  await mkdir(cache, { recursive: true });
  const token = { accessToken, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  const name = createHash('sha1').update(startUrl).digest('hex');
  await writeFile(join(cache, `${name}.json`), JSON.stringify(token));
  return { AWS_PROFILE: 'sso', AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
}

test('SSO behind a proxy that does not let it through', async () => {
  const env = await logIn('ended');
  behind.proxy.answer(403, /^portal\.sso\./);
  expect(await doctor(env)).toContainEqual(
    expect.objectContaining({
      check: 'credentials',
      detail: expect.stringMatching(/cannot reach SSO .*answered 403 .*portal\.sso\.us-east-1/),
    }),
  );
  behind.proxy.answer(200);
  expect(await doctor(env)).toContainEqual(
    expect.objectContaining({
      check: 'credentials',
      detail: expect.stringContaining('Session token not found'),
      hint: expect.stringContaining('aws sso login --profile sso'),
    }),
  );
});

test.each([
  ['TooManyRequestsException', 429, /^SSO is throttling .*wait a moment/, /raise --max-attempts/],
  ['ForbiddenException', 403, /may not call sso:GetRoleCredentials.*wait a moment/, /Allow sso:/],
  ['InternalFailure', 500, /^SSO failed to answer GetRoleCredentials.*wait a moment/, /in a few minutes/],
])('SSO that answers %s instead of credentials', async (code, status, says, hint) => {
  const rule = behind.account.aws.faults.add({
    match: { service: 'sso' },
    times: 'always',
    action: { kind: 'error', status, code, message: 'wait a moment' },
  });
  const checks = await doctor(await logIn('sso-token'));
  behind.account.aws.faults.remove(rule.id);
  expect(checks).toContainEqual({
    check: 'credentials',
    state: 'failed',
    detail: expect.stringMatching(says),
    hint: expect.stringMatching(hint),
  });
});

test('a role of a profile that may not be assumed', async () => {
  await behind.configure(`[profile role]
role_arn = arn:aws:iam::123456789012:role/Nobody
source_profile = keys
[profile keys]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
`);
  const env = { AWS_PROFILE: 'role', AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  expect(await doctor(env)).toContainEqual({
    check: 'credentials',
    state: 'failed',
    detail: expect.stringMatching(/may not call sts:AssumeRole/),
    hint: expect.stringMatching(/Allow sts:AssumeRole/),
  });
});

describe('certificates', () => {
  test('of an authority that is not trusted name the variable', async () => {
    expect(await doctor({ AWS_CA_BUNDLE: undefined, NODE_EXTRA_CA_CERTS: undefined })).toContainEqual({
      check: 'credentials',
      state: 'failed',
      detail: expect.stringMatching(/cannot reach STS .*certificate .* is not trusted/),
      hint: expect.stringContaining('AWS_CA_BUNDLE'),
    });
  });

  test('are those of NODE_EXTRA_CA_CERTS, or of ca_bundle of the profile', async () => {
    const passed = expect.objectContaining({ check: 'credentials', state: 'ok' });
    expect(await doctor({ AWS_CA_BUNDLE: undefined })).toContainEqual(passed);
    await behind.configure(`[default]\nca_bundle = ${behind.ca}\n`);
    expect(await doctor({ AWS_CA_BUNDLE: undefined, NODE_EXTRA_CA_CERTS: undefined })).toContainEqual(passed);
  });

  test.each(['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])('a file of %s that cannot be used', async (name) => {
    const empty = join(behind.home, 'empty.pem');
    await writeFile(empty, 'nothing\n');
    for (const [path, why] of [
      [join(behind.home, 'missing.pem'), 'there is no such file'],
      [empty, 'there is no PEM certificate in it'],
    ] as const) {
      const looked = await behind.run(['janitor', '--bucket', bucket, '--json'], { [name]: path });
      expect(looked.exitCode).toBe(2);
      expect(looked.json<{ error: object }>().error).toMatchObject({
        code: 'CA_BUNDLE_UNUSABLE',
        message: `cannot use the certificates of ${path} (${name}): ${why}`,
      });
    }
  });
});

test('a variable that names no proxy is wrong usage', async () => {
  const end = await behind.run(['janitor', '--bucket', bucket], { HTTPS_PROXY: 'socks5://me:secret@proxy' });
  expect(end.exitCode, end.stderr).toBe(2);
  expect(end.stderr).toContain('BAD_PROXY: HTTPS_PROXY names a SOCKS proxy');
  expect(end.stderr).not.toContain('secret');
});
