import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type AccountOptions, bucket } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { cliCommand, ownEnvironment } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const inShell = fileURLToPath(new URL('support/in-shell.py', import.meta.url));

const test = testWith({ formats: ['qcow2'] })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('config', async ({}) => join(await temporaryDirectory('init'), 'ec2-image.yaml'));

test('the file that init writes is valid, and an import with it works', async ({
  account,
  images,
  workDirectory,
  config,
}) => {
  const written = await runInProcess(['init', images.url('qcow2'), '--bucket', bucket, '--config', config]);
  expect(written.exitCode, written.stderr).toBe(0);
  expect(written.stderr).toContain(images.checksumUrl);
  const text = await readFile(config, 'utf8');
  const [, schema] = /^# yaml-language-server: \$schema=(.*)\n/.exec(text) ?? [];
  expect(JSON.parse(await readFile(schema!, 'utf8'))).toMatchObject({ title: 'ec2-image.yaml' });
  expect(text).toContain('  test-cloud-1.0:\n');
  expect(await runInProcess(['config', 'validate', '--config', config])).toMatchObject({ exitCode: 0 });
  const flags = { config, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, 'poll-interval': 0.02 };
  const end = await runInProcess(['import', ...flagsOf(flags)]);
  expect(end.exitCode, end.stderr).toBe(0);
});

test('a file that exists is not overwritten', async ({ images, config }) => {
  await writeFile(config, '# mine\n');
  const run = await runInProcess(['init', images.url('qcow2'), '--bucket', bucket, '--config', config]);
  expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('CONFIG_EXISTS') });
  expect(await readFile(config, 'utf8')).toBe('# mine\n');
});

test('without a terminal, all that is missing is named', async ({ config }) => {
  const run = await runInProcess(['init', '--config', config]);
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain(
    'missing required options: --url, --name, --arch, --checksum-url (or --sha256), --bucket',
  );
});

test('why no checksum file was found is said, and what cannot be a source is refused first', async ({
  images,
  config,
}) => {
  const told = async (url: string) => {
    const { exitCode, stderr } = await runInProcess(['init', url, '--via', 'ebs', '--config', config]);
    expect(exitCode).toBe(2);
    return stderr;
  };
  const directory = images.url('qcow2').replace(/[^/]*$/, '');
  expect(await told(`${directory}other.x86_64.qcow2`)).toMatch(
    /No checksum file was found beside the image: .*other\.x86_64\.qcow2/,
  );
  expect(await told('http://127.0.0.1:1/a.x86_64.qcow2')).toMatch(
    /No checksum file was found beside the image: .*ECONNREFUSED/,
  );
  expect(await told('ftp://127.0.0.1/a.x86_64.qcow2')).toContain('BAD_OPTION: URL of the image: expected');
});

test('a password in the URL is told to nobody', async ({ images, config }) => {
  const url = images.url('qcow2').replace('//', '//me:hidden@');
  const run = await runInProcess(['init', url, '--via', 'ebs', '--config', config]);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stderr).toContain('Found the checksum file');
  expect(run.stdout + run.stderr).not.toContain('hidden');
});

test('a query in the URL does not belong to the name that the checksum file lists', async ({
  images,
  config,
}) => {
  const url = `${images.url('qcow2')}?token=hidden`;
  const run = await runInProcess(['init', url, '--via', 'ebs', '--config', config]);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stderr).toContain('Found the checksum file');
  expect(run.stdout + run.stderr).not.toContain('hidden');
  expect(await readFile(config, 'utf8')).toContain(`checksum-url: ${images.checksumUrl}\n`);
});

test('a value that a shell or YAML would read otherwise is written as it is', async ({ config }) => {
  const url = 'https://example.org/${x}: 1.x86_64.raw?a=#';
  const args = ['init', '--url', url, '--name', "a: 'b'", '--sha256', 'ab'.repeat(32), '--via', 'ebs'];
  const bad = await runInProcess([...args, '--config', config]);
  expect(bad).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('AMI name') });
  const good = await runInProcess([...args, '--name', "it's @x", '--config', config]);
  expect(good.exitCode, good.stderr).toBe(0);
  expect(await runInProcess(['config', 'validate', '--config', config, '--quiet'])).toMatchObject({
    exitCode: 0,
    stdout: '',
  });
});

/** Somebody who may do what `iam-policy init` says, and nothing else. */
const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'a secret of their own' };
const ofLimited = test.extend('accountOptions', async (): Promise<AccountOptions> => {
  const { stdout } = await runInProcess(['iam-policy', 'init']);
  return { credentials: [{ ...limited, userName: 'limited', policies: [JSON.parse(stdout)] }] };
});

ofLimited(
  'on a terminal it asks, and offers the buckets after it has said that it asks AWS',
  async ({ account, images, config }) => {
    const flags = flagsOf({ config, 'endpoint-url': account.aws.url });
    const { stdout } = await execa('python3', [inShell, ': ', ...cliCommand, 'init', ...flags], {
      extendEnv: false,
      env: {
        ...ownEnvironment,
        AWS_ACCESS_KEY_ID: limited.accessKeyId,
        AWS_SECRET_ACCESS_KEY: limited.secretAccessKey,
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        TERM: 'dumb',
      },
      input: `${images.url('qcow2')}\r\x001\r`,
    });
    expect(stdout).toMatch(new RegExp(`Asking AWS [^]*1 {2}${bucket}[^]*Bucket, by number or name: `));
    expect(await readFile(config, 'utf8')).toContain(`\nbucket: ${bucket}\n`);
  },
);
