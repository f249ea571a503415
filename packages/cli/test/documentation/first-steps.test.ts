import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, testWith } from '../support/fixtures.ts';
import { cliCommand } from '../support/run-cli.ts';
import { stockAwsDirectory } from '../support/stock-aws.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { blocksOf, readDocument, sectionOf } from './documents.ts';
import { openTerminal, type Terminal, type Typed } from './terminal.ts';

/** What the README's commands name instead of a publisher's file that changes every half year. */
const exampleUrl = /https:\/\/example\.org\/\S+\.x86_64\.qcow2/;

// Calm: the stock aws command, which runs what doctor prints, waits for nothing that EC2 shows late.
const test = testWith({ account: { conditions: 'calm', buckets: [] } });

/** The lines of the first block of commands under a heading. */
function linesUnder(heading: string): string[] {
  const [block = ''] = blocksOf(sectionOf(readDocument('README.md'), heading), 'sh');
  return block.split('\n').filter((line) => line !== '');
}

async function typeAll(terminal: Terminal, lines: readonly string[]): Promise<Typed[]> {
  const typed: Typed[] = [];
  for (const line of lines) typed.push(await terminal.type(line));
  return typed;
}

function expectExits(typed: readonly Typed[], codes: readonly number[]): void {
  const said = typed.map(({ line, exitCode, stderr }) => `${line}: ${exitCode}\n${stderr}`).join('\n');
  expect(
    typed.map(({ exitCode }) => exitCode),
    said,
  ).toEqual(codes);
}

/** From an account without a bucket to an AMI; a second import finds it. */
async function makeFirstImport(terminal: Terminal): Promise<void> {
  const lines = linesUnder('Your first import');
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
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
  const typed = await typeAll(terminal, lines);
  expectExits(typed, [0, 0, 0, 1, 0, 0, 3, 0, 0]);
  expect(typed.at(-2)!.stdout).toMatch(/^imported/m);
  expect(typed.at(-1)!.stdout).toMatch(/^reused/m);
  const policy = await readFile(join(terminal.directory, 'policy.json'), 'utf8');
  expect(JSON.parse(policy)).toHaveProperty('Statement');
}

test('the commands of the README lead from nothing to an AMI, as they are written', {
  timeout: 180_000,
}, async ({ account, images }) => {
  const home = await temporaryDirectory('home');
  const programs = join(home, 'bin');
  await mkdir(programs);
  const command = join(programs, 'ec2-image');
  await writeFile(command, `#!/bin/sh\nexec ${cliCommand.join(' ')} "$@"\n`);
  await chmod(command, 0o755);
  const terminal = openTerminal({
    ...{ home, account, path: `${programs}:${await stockAwsDirectory()}:${process.env.PATH}` },
    replace: (line) => line.replace(exampleUrl, images.url('qcow2')),
  });
  await makeFirstImport(terminal);
});
