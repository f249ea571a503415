import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { commandDirectory } from '../support/command-directory.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { isExhaustive } from '../support/sample.ts';
import { stockAwsDirectory } from '../support/stock-aws.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { blocksOf, readDocument, sectionOf } from './documents.ts';
import { openTerminal, type Terminal, type Typed } from './terminal.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** What the README's commands name instead of a publisher's file that changes every half year. */
const exampleUrl = /https:\/\/example\.org\/\S+\.x86_64\.qcow2/;

// Calm: the stock aws command, which runs what doctor prints, waits for nothing that EC2 shows late.
const test = testWith({ account: { conditions: 'calm', buckets: [] } });

/** The lines of the commands under a heading. */
function linesUnder(heading: string): string[] {
  const blocks = blocksOf(sectionOf(readDocument('README.md'), heading), 'sh');
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line !== '');
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
  const programs = await commandDirectory();
  const terminal = openTerminal({
    ...{ home, account, path: `${programs}:${await stockAwsDirectory()}:${process.env.PATH}` },
    replace: (line) => line.replace(exampleUrl, images.url('qcow2')),
  });
  await makeFirstImport(terminal);
});

test.runIf(isExhaustive)(
  'on a machine that has nothing of it, the README leads from a clone to the demo, and to an import',
  // A few minutes on a machine that does nothing else.
  { timeout: 3_600_000 },
  async ({ account, images }) => {
    const home = await temporaryDirectory('home');
    const programs = join(home, 'bin');
    await mkdir(programs);
    const terminal = openTerminal({
      ...{ home, account },
      // Nothing that this project's own tests have put there: the set-up has to bring its toolchain.
      path: [programs, await stockAwsDirectory(), await npmDirectory(), '/usr/bin', '/bin'].join(':'),
      env: network(),
      // Of the repository a clone has what is committed; the command stands where no root is needed.
      replace: (line) =>
        line
          .replace('<this repository>', root)
          .replace('sudo ln -s', 'ln -s')
          .replace('/usr/local/bin/', `${programs}/`)
          .replace(exampleUrl, images.url('qcow2'))
          .replace('https://example.org/CHECKSUM', images.checksumUrl),
    });
    const tried = await typeAll(terminal, linesUnder('Try it'));
    expectExits(tried, [0, 0, 0]);
    for (const { stdout } of tried.slice(1)) expect(stdout).toMatch(/^imported .*\n[\s\S]*^reused /m);
    const [setup, link, doctor] = await typeAll(terminal, linesUnder('Install'));
    expectExits([setup!, link!], [0, 0]);
    // There is no bucket yet, and it says so.
    expect(doctor, doctor!.stderr).toMatchObject({ exitCode: 1 });
    await makeFirstImport(terminal);
  },
);

/** Where npm is without this project's toolchain. */
async function npmDirectory(): Promise<string> {
  const env = { PATH: `/usr/local/bin:/usr/bin:/bin:${dirname(process.execPath)}` };
  const { stdout } = await execa('sh', ['-c', 'command -v npm'], { extendEnv: false, env });
  return dirname(stdout);
}

/** How this machine reaches the npm registry. */
function network(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) =>
    /^(npm_config_registry|npm_config_cafile|node_extra_ca_certs|https?_proxy|no_proxy)$/i.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}
