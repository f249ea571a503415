import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { configuredEndpoint, retrySettings, type ServiceId } from '../../src/aws/shared-config.ts';
import { bucket, region } from '../support/account.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { runInProcess } from '../support/in-process.ts';
import { ownEnvironment } from '../support/run-cli.ts';

// Calm: calls are counted.
const test = testWith({ account: { conditions: 'calm' } });

describe('how often a request is tried', () => {
  const fallback = { maxAttempts: 8, retryMode: 'adaptive' } as const;

  test.for<
    [
      env: object,
      profile: object,
      { readonly maxAttempts?: number; readonly retryMode?: 'standard' | 'adaptive' },
    ]
  >([
    [{}, {}, {}],
    [{}, { max_attempts: '3', retry_mode: 'standard' }, { maxAttempts: 3, retryMode: 'standard' }],
    [{ AWS_MAX_ATTEMPTS: '5' }, { max_attempts: '3' }, { maxAttempts: 5 }],
    [{ AWS_RETRY_MODE: 'Standard' }, { retry_mode: 'adaptive' }, { retryMode: 'standard' }],
    [{ AWS_RETRY_MODE: 'legacy' }, {}, { retryMode: 'standard' }],
    [{ AWS_MAX_ATTEMPTS: '' }, {}, {}],
  ])('with the environment %j and the profile %j: %j', ([env, profile, given]) => {
    const settings = retrySettings({
      env: { ...env },
      config: { profile: { ...profile }, services: {} },
      fallback,
    });
    expect(settings).toEqual({ ...fallback, ...given });
  });

  test.for<[env: object, profile: object, says: string]>([
    [{ AWS_MAX_ATTEMPTS: '0' }, {}, 'AWS_MAX_ATTEMPTS: expected a whole number from 1, not "0"'],
    [{}, { max_attempts: 'many' }, 'max_attempts: expected a whole number from 1, not "many"'],
    [{ AWS_RETRY_MODE: 'eager' }, {}, 'AWS_RETRY_MODE: expected standard or adaptive, not "eager"'],
  ])('with the environment %j and the profile %j is refused', ([env, profile, says]) => {
    const config = { profile: { ...profile }, services: {} };
    expect(() => retrySettings({ env: { ...env }, config, fallback })).toThrow(says);
  });
});

test.for<[env: object, profile: object, services: object, ServiceId, expected: string | undefined]>([
  [{}, {}, {}, 'EC2', undefined],
  [{}, { endpoint_url: 'https://p' }, {}, 'EC2', 'https://p'],
  [{}, { endpoint_url: 'https://p' }, { 's3.endpoint_url': 'https://s' }, 'S3', 'https://s'],
  [{}, { endpoint_url: 'https://p' }, { 's3.endpoint_url': 'https://s' }, 'EC2', 'https://p'],
  [{}, {}, { 'auto_scaling.endpoint_url': 'https://s' }, 'Auto Scaling', 'https://s'],
  [{ AWS_ENDPOINT_URL: 'https://e' }, {}, { 's3.endpoint_url': 'https://s' }, 'S3', 'https://e'],
  [{ AWS_ENDPOINT_URL: 'https://e', AWS_ENDPOINT_URL_S3: 'https://3' }, {}, {}, 'S3', 'https://3'],
  [{ AWS_ENDPOINT_URL_AUTO_SCALING: 'https://a' }, {}, {}, 'Auto Scaling', 'https://a'],
  [{ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_ENDPOINT_URL: 'https://e' }, {}, {}, 'EC2', undefined],
  [{}, { endpoint_url: 'https://p', ignore_configured_endpoint_urls: 'true' }, {}, 'EC2', undefined],
])(
  'with the environment %j, the profile %j and its services %j, %s is at %s',
  ([env, profile, services, service, expected]) => {
    const config = { profile: { ...profile }, services: { ...services } };
    expect(configuredEndpoint(service, { config, env: { ...env } })).toBe(expected);
  },
);

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a command goes where its profile says, and tries as often', async ({ account, workDirectory }) => {
  const AWS_CONFIG_FILE = join(workDirectory, 'config');
  const profile = {
    region,
    endpoint_url: account.aws.url,
    max_attempts: 3,
    aws_access_key_id: ownEnvironment.AWS_ACCESS_KEY_ID,
    aws_secret_access_key: ownEnvironment.AWS_SECRET_ACCESS_KEY,
  };
  const lines = Object.entries(profile).map(([key, value]) => `${key} = ${value}`);
  await writeFile(AWS_CONFIG_FILE, ['[profile three]', ...lines, ''].join('\n'));
  account.aws.faults.add({
    match: { operation: 'GetCallerIdentity' },
    times: 'always',
    action: { kind: 'error', preset: 'throttling' },
  });
  vi.stubEnv('AWS_CONFIG_FILE', AWS_CONFIG_FILE);
  const janitor = ['janitor', '--profile', 'three', '--bucket', bucket];
  const triesOf = async (...more: string[]) => {
    const before = account.calls('GetCallerIdentity').length;
    expect((await runInProcess([...janitor, ...more], { env: { AWS_CONFIG_FILE } })).exitCode).toBe(1);
    return account.calls('GetCallerIdentity').length - before;
  };
  expect(await triesOf()).toBe(3);
  expect(await triesOf('--max-attempts', '2')).toBe(2);
});
