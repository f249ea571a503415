import { expect } from 'vitest';
import { createPolicy } from '../../src/iam/policy-document.ts';
import { test as base, regions, source } from './support.ts';

const settings = {
  regions: ['eu-west-1'],
  share: { accounts: ['111111111111'] },
  'deprecate-after': '90d',
  'deregistration-protection': 'enabled-without-cooldown',
  'ssm-parameter': '/images/{name}/{suffix}',
  'ssm-latest': '/images/{name}/latest',
};

/** Somebody with the policy of the command and nothing else. */
const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'a secret of their own' };
const policy = createPolicy(['publish'], {
  regions,
  buckets: [],
  keyPrefixes: ['ec2-image/'],
  account: '123456789012',
});

const test = base.extend('accountOptions', {
  // Calm: what is denied is told at once.
  conditions: 'calm',
  credentials: [{ ...limited, userName: 'limited', policies: [policy] }],
});

test('under exactly its policy it publishes, and validates', async ({ runImport, runPublish, account }) => {
  await runImport();
  const before = { ...process.env };
  try {
    process.env.AWS_ACCESS_KEY_ID = limited.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = limited.secretAccessKey;
    const published = await runPublish(settings);
    expect([published.exitCode, published.stderr]).toEqual([
      0,
      expect.not.stringMatching(/denied|not authorized|may not call/i),
    ]);
    expect(published.result.regions.map(({ region, outcome }) => [region, outcome])).toEqual([
      [source, 'published'],
      ['eu-west-1', 'published'],
    ]);
    // Nothing else may be done with it.
    const imported = await runImport({ suffix: '2' });
    expect([imported.exitCode, imported.result.outcome]).toEqual([1, 'failed']);
    expect(account.calls('RegisterImage')).toHaveLength(1);
  } finally {
    process.env.AWS_ACCESS_KEY_ID = before.AWS_ACCESS_KEY_ID;
    process.env.AWS_SECRET_ACCESS_KEY = before.AWS_SECRET_ACCESS_KEY;
  }
});
