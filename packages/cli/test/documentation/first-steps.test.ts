import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exampleCredentials } from '@ec2-image/local-aws';
import { execa } from 'execa';
import { region } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { cliCommand, ownEnvironment } from '../support/run-cli.ts';
import { stockAwsDirectory } from '../support/stock-aws.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { blocksOf, readDocument, sectionOf } from './documents.ts';

/** What the README's commands name instead of a publisher's file that changes every half year. */
const exampleUrl = /https:\/\/example\.org\/\S+\.x86_64\.qcow2/;

// Calm: the stock aws command, which runs what doctor prints, waits for nothing that EC2 shows late.
const test = testWith({ account: { conditions: 'calm', buckets: [] } });

test('the commands of the README lead from nothing to an AMI, as they are written', {
  timeout: 180_000,
}, async ({ account, images }) => {
  const home = await temporaryDirectory('home');
  const programs = join(home, 'bin');
  await mkdir(programs);
  const program = async (name: string, text: string) => {
    await writeFile(join(programs, name), `#!/bin/sh\n${text} "$@"\n`);
    await chmod(join(programs, name), 0o755);
  };
  await program('ec2-image', `exec ${cliCommand.join(' ')}`);
  const [block = ''] = blocksOf(sectionOf(readDocument('README.md'), 'Your first import'), 'sh');
  const commands = block.split('\n').filter((line) => line !== '');
  expect(commands.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'mkdir images',
    'ec2-image init',
    'ec2-image iam-policy',
    'ec2-image doctor',
    'sh fix.sh',
    'ec2-image doctor',
    'ec2-image plan',
    'ec2-image import',
    'ec2-image import',
  ]);

  let directory = home;
  const run = async (line: string) => {
    const { stdout, stderr, exitCode } = await execa('sh', ['-c', line], {
      cwd: directory,
      stdin: 'ignore',
      reject: false,
      env: {
        ...ownEnvironment,
        HOME: home,
        PATH: `${programs}:${await stockAwsDirectory()}:${process.env.PATH}`,
        AWS_ACCESS_KEY_ID: exampleCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: exampleCredentials.secretAccessKey,
        AWS_REGION: region,
        AWS_ENDPOINT_URL: account.aws.url,
        AWS_PAGER: '',
        EC2_IMAGE_POLL_INTERVAL: '0.05',
      },
    });
    return { stdout, stderr, exitCode };
  };
  const ends: { readonly stdout: string; readonly stderr: string; readonly exitCode?: number }[] = [];
  for (const line of commands) {
    // The one line that changes the directory of those behind it.
    const [, made] = /^mkdir (\w+) && cd \1$/.exec(line) ?? [];
    ends.push(await run(line.replace(exampleUrl, images.url('qcow2'))));
    if (made !== undefined) directory = join(directory, made);
  }
  const said = ends.map(({ exitCode, stderr }, at) => `${commands[at]}: ${exitCode}\n${stderr}`).join('\n');
  expect(
    ends.map(({ exitCode }) => exitCode),
    said,
  ).toEqual([0, 0, 0, 1, 0, 0, 3, 0, 0]);
  expect(ends.at(-2)!.stdout).toMatch(/^imported/m);
  expect(ends.at(-1)!.stdout).toMatch(/^reused/m);
  expect(JSON.parse(await readFile(join(directory, 'policy.json'), 'utf8'))).toHaveProperty('Statement');
});
