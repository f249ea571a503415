import {
  DeleteTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { callPoints, crashAt } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { type InProcessEnd, runInProcess } from './support/in-process.ts';
import { startCli } from './support/run-cli.ts';
import { isExhaustive, runSample } from './support/sample.ts';

const test = testWith({
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 16 },
  flags: {
    ...{ via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one', 'poll-interval': 0.05 },
    'max-attempts': 2,
  },
})
  .extend('imageId', async ({ runImport }) => (await runImport()).result.imageId!)
  /** The import of an AMI that is there, and not tested. Its instance is reachable, and its console silent. */
  .extend('testArgs', ({ argsOf }) => argsOf({ 'boot-test': '{"timeout":1}' }))
  .extend('alive', ({ account }) => async (): Promise<Instance[]> => {
    const { Reservations = [] } = await account.ec2.send(new DescribeInstancesCommand({}));
    return Reservations.flatMap(({ Instances = [] }) => Instances).filter(
      ({ State }) => !['shutting-down', 'terminated'].includes(State!.Name!),
    );
  })
  /** After it the AMI is as it was before. */
  .extend('expectTested', ({ account, imageId, alive }) => async (end: InProcessEnd) => {
    const [result] = end.json<ImportDocument>().images;
    expect([end.exitCode, result?.outcome, result?.imageId], end.stderr).toEqual([0, 'reused', imageId]);
    expect(await alive()).toEqual([]);
    const { Images } = await account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images!.map(({ Tags }) => tagRecord(Tags)['ec2-image:boot-test'])).toEqual(['passed']);
    const Tags = [{ Key: 'ec2-image:boot-test' }];
    await account.ec2.send(new DeleteTagsCommand({ Resources: [imageId], Tags }));
  })
  .extend('recorded', async ({ account, testArgs, expectTested }) => {
    const before = account.aws.calls.list().at(-1)!.sequence;
    const end = await runInProcess(testArgs);
    const calls = account.aws.calls.list({ after: before });
    await expectTested(end);
    return calls;
  });

test('a boot test, killed before and after each of its calls, leaves no instance after one more run', {
  timeout: isExhaustive ? 3_600_000 : 300_000,
}, async ({ account, testArgs, recorded, expectTested }) => {
  let killed = 0;
  const points = callPoints(recorded);
  const { done, failures, seed } = await runSample(
    points,
    async (point) => {
      if (await crashAt({ account, args: testArgs }, point)) killed += 1;
      await expectTested(await runInProcess(testArgs));
    },
    // They have one account, and one AMI.
    { size: 4, sideBySide: 1 },
  );
  console.log(`crash matrix, boot test: ${done} of ${points.length} points, ${killed} killed, seed ${seed}`);
  expect(failures).toEqual([]);
  // A run with fewer polls than the recorded one is over before its last points: of a sample, that may be all.
  if (isExhaustive) expect(killed).toBeGreaterThan(done / 2);
});

test.for(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a boot test, and its instance',
  { timeout: 120_000 },
  async (signal, { account, argsOf, imageId, alive }) => {
    const { child, ended } = startCli(argsOf({ 'boot-test': '{"timeout":600,"expect":"never printed"}' }));
    while (account.calls('GetConsoleOutput').length === 0) {
      const early = await Promise.race([ended, new Promise<void>((done) => setTimeout(done, 10))]);
      if (early) throw new Error(`ended before its console was read: ${early.stderr}`);
    }
    child.kill(signal);
    const end = await ended;
    const [result] = end.json<ImportDocument>().images;
    expect([end.exitCode, result], end.stderr).toMatchObject([
      130,
      { outcome: 'interrupted', imageId, error: { code: 'INTERRUPTED' } },
    ]);
    expect(account.calls('RunInstances')).not.toEqual([]);
    expect(await alive()).toEqual([]);
  },
);
