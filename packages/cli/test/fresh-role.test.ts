import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';

let aheadMs = 0;
const test = testWith({ account: { now: () => Date.now() + aheadMs } });

const refused = {
  kind: 'error',
  status: 400,
  code: 'InvalidParameter',
  message: 'The service role vmimport provided does not exist or does not have sufficient permissions',
} as const;

describe('a service role that EC2 does not see', () => {
  test('makes the import wait where it was made a moment ago', async ({ account, images, runImport }) => {
    account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, times: 3, action: refused });
    const end = await runImport();
    expect(end.stderr).toContain('waiting for vmimport, 2 minutes at most');
    await expectOneOfEach({ account }, images, end);
  });

  test('makes the import wait where it cannot be read', async ({ account, images, runImport }) => {
    account.aws.faults.add({
      match: { operation: 'GetRole' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: refused });
    await expectOneOfEach({ account }, images, await runImport());
  });

  test('is an error at once where it has been there for long', async ({ account, runImport }) => {
    // The account has its roles from the first call on.
    await account.client(IAMClient).send(new GetRoleCommand({ RoleName: 'vmimport' }));
    aheadMs = 60 * 60_000;
    account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, times: 'always', action: refused });
    const end = await runImport();
    aheadMs = 0;
    expect(end.result.error?.code).toBe('IMPORT_NOT_PERMITTED');
    expect(end.stderr).not.toContain('waiting for vmimport');
  });
});
