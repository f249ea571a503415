import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { runOnTerminal } from '../support/on-terminal.ts';
import { test as base, type PublishDocument, source } from './support.ts';

// Calm: how often the question comes is counted.
const test = base.extend('accountOptions', { conditions: 'calm' });

test('copies to every region are asked for on a terminal, once, with their number, and only where there is one to make', {
  timeout: 240_000,
}, async ({ account, inRegion, configure, workDirectory, runImport, imagesOf }) => {
  const imported = await runImport();
  expect(imported.exitCode, imported.stderr).toBe(0);
  const { Regions = [] } = await inRegion(source).send(new DescribeRegionsCommand({}));
  const names = Regions.map(({ RegionName }) => RegionName!);
  // So many that the test is quick.
  const wanted = ['eu-west-1', 'us-west-2'];
  const settings = {
    regions: 'all',
    'except-regions': names.filter((name) => !wanted.includes(name)),
  };
  const args = ['publish', '--config', await configure(settings), '--endpoint-url', account.aws.url];
  args.push('--work-dir', workDirectory, '--json');
  const question = `test-cloud: an AMI in each of ${wanted.length + 1} regions? Type yes:`;

  const no = await runOnTerminal(args, { question, answer: 'no' });
  expect(no.exitCode, no.stderr).toBe(1);
  const { publish } = JSON.parse(no.stdout) as PublishDocument;
  expect(publish?.images).toMatchObject([{ outcome: 'failed', error: { code: 'NOT_CONFIRMED' } }]);
  expect(account.calls('CopyImage')).toEqual([]);

  const yes = await runOnTerminal(args, { question, answer: 'yes' });
  expect(yes.exitCode, yes.stderr).toBe(0);
  expect(yes.stderr.split(question)).toHaveLength(2);
  for (const region of wanted) expect(await imagesOf(region), region).toHaveLength(1);

  const again = await runOnTerminal(args, { question, answer: 'no' });
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).not.toContain('Type yes');
});
