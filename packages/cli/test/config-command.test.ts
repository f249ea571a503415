import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { configurationSchema } from '../src/options/json-schema.ts';
import { runInProcess } from './support/in-process.ts';
import { ownEnvironment } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const hex = 'ab'.repeat(32);

async function validate(source: string, { args = [] as string[], env = {} } = {}) {
  const path = join(await temporaryDirectory('config'), 'ec2-image.yaml');
  await writeFile(path, source);
  const run = await runInProcess(['config', 'validate', '--config', path, ...args], { env });
  return { ...run, path };
}

interface Verdict {
  readonly config: {
    readonly valid: boolean;
    readonly images: readonly string[];
    readonly problems: readonly { readonly code: string; readonly line: number; readonly column: number }[];
    readonly warnings: readonly {
      readonly message: string;
      readonly line: number;
      readonly column: number;
    }[];
  };
}

test('a right file is said to be valid', async () => {
  const source = `bucket: abc\nimages:\n  fedora:\n    url: https://example.org/a.x86_64.raw\n    sha256: ${hex}\n`;
  const { path, ...run } = await validate(source);
  expect(run).toMatchObject({ exitCode: 0, stdout: `${path} is valid: fedora\n`, stderr: '' });
  expect(await validate(source, { args: ['--quiet'] })).toMatchObject({ exitCode: 0, stdout: '' });
});

test('all that is wrong is told at once, with line and column', async () => {
  const source = `region: us-east-1
buckett: x
poll-interval: soon
images:
  a:
    arch: i386
    tag: { ok: 1, "aws:x": y }
  b: x
`;
  const { path, ...run } = await validate(source);
  expect(run).toMatchObject({ exitCode: 2, stderr: '' });
  const lines = run.stdout.split('\n').filter((line) => line.startsWith(path));
  expect(lines.map((line) => line.slice(path.length))).toEqual([
    ':2:1: error CONFIG_INVALID: buckett: unknown key. Did you mean "bucket"?',
    ':3:1: error CONFIG_INVALID: poll-interval: expected a time such as 90s, 15m, 24h or 7d, or a number of seconds, not "soon"',
    expect.stringMatching(
      /^:6:5: error CONFIG_INVALID: images\.a\.arch: expected x86_64 or arm64, not "i386"/,
    ),
    ':7:19: error CONFIG_INVALID: images.a.tag.aws:x: a tag key cannot begin with aws:',
    ':8:3: error CONFIG_INVALID: images.b: expected a mapping of settings',
  ]);
});

test.each([
  ['what an image lacks', 'images:\n  a:\n    url: x.raw\n', 'MISSING_SETTING', 2, 3],
  ['what is not YAML', 'region: us-east-1\nbucket: [a\n', 'CONFIG_SYNTAX', 3, 1],
  ['a key twice', 'bucket: abc\nbucket: abd\n', 'CONFIG_SYNTAX', 2, 1],
  ['a credential', 'bucket: "${AWS_SECRET_ACCESS_KEY}"\n', 'CONFIG_CREDENTIAL', 1, 9],
  [
    'a contradiction',
    `bucket: abc\nimages:\n  a: {url: a.x86_64.raw, sha256: ${hex}, arch: arm64}\n`,
    'ARCH_CONTRADICTION',
    3,
    3,
  ],
  [
    'two AMIs of one name',
    `bucket: abc\nami-name: image-{suffix}\nsuffix: x\nimages:\n  a: {url: a.x86_64.raw, sha256: ${hex}}\n  b: {url: b.x86_64.raw, sha256: ${hex.replaceAll('a', 'b')}}\n`,
    'DUPLICATE_AMI_NAME',
    6,
    3,
  ],
  [
    'one SSM parameter of two images',
    `bucket: abc\nregions: all\nssm-latest: /x/{arch}\nimages:\n  a: {url: a.x86_64.raw, sha256: ${hex}}\n  b: {url: b.x86_64.raw, sha256: ${hex.replaceAll('a', 'b')}}\n`,
    'BAD_OPTION',
    6,
    3,
  ],
])('%s has a place', async (_, source, code, line, column) => {
  const run = await validate(source, { args: ['--json'] });
  expect(run.exitCode).toBe(2);
  const { valid, problems } = run.json<Verdict>().config;
  expect(valid).toBe(false);
  expect(problems[0]).toMatchObject({ code, line, column });
  expect(run.stdout).not.toContain(ownEnvironment.AWS_SECRET_ACCESS_KEY);
});

test('a variable that is not set is a warning, and what the environment gives is not missing', async () => {
  const source = `suffix: \${SFX}\nimages:\n  a: {url: a.x86_64.raw, sha256: ${hex}}\n`;
  const run = await validate(source, { args: ['--json'], env: { EC2_IMAGE_BUCKET: 'images' } });
  expect(run.exitCode, run.stdout).toBe(0);
  const { valid, problems, warnings } = run.json<Verdict>().config;
  expect({ valid, problems }).toEqual({ valid: true, problems: [] });
  expect(warnings).toMatchObject([
    { line: 1, column: 1, message: expect.stringContaining('${SFX} is not set') },
  ]);
});

test('a file that is not there, and an unknown word', async () => {
  const missing = await runInProcess(['config', 'validate', '--config', '/nowhere.yaml']);
  expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('CONFIG_NOT_FOUND') });
  const wrong = await runInProcess(['config', 'valdate']);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean "validate"?') });
});

describe('config schema', () => {
  test('prints the JSON Schema', async () => {
    const run = await runInProcess(['config', 'schema']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toEqual(configurationSchema());
  });

  test('is a file of the published package', async () => {
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const { files } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
    expect(files).toContain('schema');
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd,
    });
    const [{ files: packed }] = JSON.parse(stdout);
    expect(packed.map(({ path }: { path: string }) => path)).toContain('schema/ec2-image.schema.json');
  });
});
