import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucket, openAccount } from '../support/account.ts';
import { type BehindProxy, openBehindProxy } from '../support/behind-proxy.ts';
import { runInProcess } from '../support/in-process.ts';

let behind: BehindProxy;
beforeAll(async () => {
  behind = await openBehindProxy();
});
afterAll(() => behind[Symbol.asyncDispose]());

describe('every service is called by its name in the partition of the region', () => {
  test.each([
    ['cn-north-1', 'cn-north-1.amazonaws.com.cn', 'iam.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'us-gov-west-1.amazonaws.com', 'iam.us-gov.amazonaws.com'],
    ['eusc-de-east-1', 'eusc-de-east-1.amazonaws.eu', 'iam.eusc-de-east-1.amazonaws.eu'],
  ])('%s', async (region, suffix, iam) => {
    const earlier = behind.proxy.tunnels.length;
    const end = await behind.run(['doctor', '--region', region, '--bucket', bucket, '--json']);
    // The bucket is in another region: what counts here is where it was asked for.
    expect(end.stdout + end.stderr).not.toContain('INTERNAL');
    expect(end.json<object>()).toMatchObject({
      doctor: {
        checks: expect.arrayContaining([
          expect.objectContaining({ check: 'credentials', state: 'ok' }),
          expect.objectContaining({ check: 'quota of snapshots', state: 'ok' }),
          expect.objectContaining({ check: 'role vmimport', state: 'ok' }),
        ]),
      },
    });
    expect(new Set(behind.proxy.tunnels.slice(earlier))).toEqual(
      new Set([
        ...[`sts.${suffix}`, `ec2.${suffix}`, iam, `servicequotas.${suffix}`, `${bucket}.s3.${suffix}`].map(
          (host) => `${host}:443`,
        ),
      ]),
    );
    expect(await behind.direct()).toBe('');
  });
});

describe('a region that knows no credentials of the account', () => {
  const unknownKey = (region?: string) =>
    ({
      match: { service: 'sts', region },
      times: 'always',
      action: { kind: 'error', preset: 'unknown-key' },
    }) as const;

  test.each([
    ['ap-east-1', 'is not enabled, where the home region knows them', 'ap-east-1', 'REGION_NOT_ENABLED'],
    ['ap-east-1', 'is as any other, where no region knows them', undefined, 'CREDENTIALS_REFUSED'],
    ['us-east-1', 'is no such region, where it is the home region', 'us-east-1', 'CREDENTIALS_REFUSED'],
  ])('%s %s', async (region, _, refusing, code) => {
    await using account = await openAccount();
    account.aws.faults.add(unknownKey(refusing));
    const connection = ['--region', region, '--endpoint-url', account.aws.url, '--max-attempts', '2'];
    const end = await runInProcess(['janitor', ...connection]);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain(`error ${code}: `);
    if (code !== 'REGION_NOT_ENABLED') return;
    expect(end.stderr).toContain('account 123456789012 has not enabled the region');
    expect(end.stderr).toContain('aws account enable-region --region-name ap-east-1');
  });
});
