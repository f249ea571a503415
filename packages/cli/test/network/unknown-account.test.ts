import { bucket } from '../support/account.ts';
import { expectOneOfEach } from '../support/crash-points.ts';
import { expect, testWith } from '../support/fixtures.ts';

const test = testWith();

test('an account that STS does not tell stops an import before it changes anything, unless that is allowed', async ({
  account,
  images,
  runImport,
}) => {
  account.aws.faults.add({
    match: { operation: 'GetCallerIdentity' },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  const stopped = await runImport();
  expect(stopped.exitCode).toBe(1);
  const error = stopped.json<{ error?: { code: string; hint: string } }>().error ?? stopped.result.error;
  expect(error).toMatchObject({
    code: 'ACCOUNT_UNKNOWN',
    hint: expect.stringContaining('--allow-unknown-account'),
  });
  expect(account.aws.calls.list().filter(({ mutating }) => mutating)).toEqual([]);
  expect(images.server.requests).toEqual([]);

  const allowed = await runImport({ 'allow-unknown-account': true });
  await expectOneOfEach({ account }, images, allowed);
  expect(allowed.stderr).toMatch(/cannot determine the AWS account .*the owner of the bucket is not checked/);
  expect(account.calls('HeadBucket', { bucket }).length).toBeGreaterThan(0);
});
