import { describe, expect } from 'vitest';
import { isExhaustive } from '../support/sample.ts';
import { openPublishScene } from './scene.ts';
import { type PublishDocument, source, test } from './support.ts';

const settings = {
  regions: ['eu-west-1', 'us-west-2'],
  share: { accounts: ['111111111111'] },
  'ssm-parameter': '/images/{name}/{suffix}',
  'ssm-latest': '/images/{name}/latest',
};

describe('a region that fails', () => {
  test('stops no other, moves no latest, and is made up for by the same command', async ({
    account,
    runImport,
    runPublish,
    parameterIn,
  }) => {
    await runImport();
    const fault = account.aws.faults.add({
      match: { operation: 'CopyImage', region: 'us-west-2' },
      times: 'always',
      action: { kind: 'error', status: 400, code: 'InvalidRequest' },
    });
    const failed = await runPublish(settings);
    fault.remove();
    expect([failed.exitCode, failed.result.outcome, failed.result.error?.code]).toEqual([
      1,
      'partial',
      'AWS_REFUSED',
    ]);
    expect(failed.result.regions.map(({ region, outcome }) => [region, outcome])).toEqual([
      [source, 'published'],
      ['eu-west-1', 'published'],
      ['us-west-2', 'failed'],
    ]);
    for (const { region, imageId } of failed.result.regions.slice(0, 2)) {
      expect(await parameterIn(region, '/images/test-cloud/1')).toBe(imageId);
      expect(await parameterIn(region, '/images/test-cloud/latest')).toBeUndefined();
    }
    const again = await runPublish(settings);
    expect([again.exitCode, again.result.outcome], again.stderr).toEqual([0, 'published']);
    for (const { region, imageId } of again.result.regions)
      expect(await parameterIn(region, '/images/test-cloud/latest')).toBe(imageId);
  });

  test('of best effort keeps nothing waiting, and is a warning', async ({
    account,
    runImport,
    runPublish,
    parameterIn,
  }) => {
    await runImport();
    // It takes every connection, and never answers.
    account.aws.faults.add({
      match: { service: 'ec2', region: 'us-west-2' },
      times: 'always',
      action: { kind: 'hang', when: 'before' },
    });
    const done = await runPublish(
      { ...settings, 'best-effort-regions': ['us-west-2'] },
      ...['--request-timeout', '1', '--outage-timeout', '3'],
    );
    expect([done.exitCode, done.result.outcome], done.stderr).toEqual([0, 'published']);
    expect(done.result.regions.map(({ outcome }) => outcome)).toEqual(['published', 'published', 'failed']);
    expect(done.result.regions[2]!.error?.code).toBe('AWS_UNREACHABLE');
    expect(await parameterIn('eu-west-1', '/images/test-cloud/latest')).toBe(done.result.regions[1]!.imageId);
  });

  // The plan waits twenty seconds for it.
  test.runIf(isExhaustive)(
    'of which nothing is heard costs the others nothing: it answers once they are done',
    {
      timeout: 300_000,
    },
    async ({ account, runImport, runPublish, parameterIn }) => {
      await runImport();
      const silence = account.aws.faults.add({
        match: { service: 'ec2', region: 'us-west-2' },
        times: 'always',
        action: { kind: 'hang', when: 'before' },
      });
      const announced = new Set<string>();
      account.aws.calls.subscribe(({ operation, region, status }) => {
        if (operation === 'PutParameter' && status === 200) announced.add(region);
        if (announced.has(source) && announced.has('eu-west-1')) silence.remove();
      });
      const done = await runPublish(settings, '--request-timeout', '1');
      expect([done.exitCode, done.result.outcome], done.stderr).toEqual([0, 'published']);
      for (const { region, imageId } of done.result.regions)
        expect(await parameterIn(region, '/images/test-cloud/latest')).toBe(imageId);
    },
  );
});

test('SSM that does not answer is told of, given up after --outage-timeout, and made up for by the same command', async () => {
  await using scene = await openPublishScene();
  const { faults } = scene.account.aws;
  const { struck } = faults.add({
    match: { service: 'ssm', operation: 'PutParameter' },
    times: 'always',
    action: { kind: 'drop', when: 'before' },
  });
  const end = await scene.run('--outage-timeout', '4');
  await struck;
  expect(end.exitCode, end.stderr).toBe(1);
  expect(end.stderr).toMatch(/SSM is unreachable since \d\d:\d\d:\d\d UTC; retrying/);
  const [image] = end.json<PublishDocument>().publish!.images;
  expect(image!.error?.code).toBe('AWS_UNREACHABLE');
  faults.clear();
  const again = await scene.run();
  expect(again.exitCode, again.stderr).toBe(0);
  await scene.expectPublished();
});
