import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseArguments } from '../src/options/arguments.ts';
import { commandNames, commandSpecs } from '../src/options/commands.ts';
import { optionsOf } from '../src/options/option.ts';
import { optionTable } from '../src/options/table.ts';
import { renderCommandHelp, renderOverview } from '../src/render/help.ts';
import { runInProcess } from './support/in-process.ts';
import { runCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const hex = 'a'.repeat(64);
const image = ['--name', 'one', '--url', 'https://example.org/x.raw', '--arch', 'arm64', '--bucket', 'abc'];
/** Nobody listens there: whatever reaches AWS fails, with another error than a wrong command line. */
const nowhere = ['--endpoint-url', 'http://127.0.0.1:9', '--max-attempts', '1', '--outage-timeout', '1'];

describe('a wrong command line is answered in words', () => {
  test.each([
    [['imprt'], 'unknown command "imprt". Did you mean "import"?'],
    [['frobnicate'], 'unknown command "frobnicate"\n'],
    [['--region', 'us-east-1', 'import'], 'expected a command before --region'],
    [['--verison'], 'expected a command before --verison. Did you mean "--version"?'],
    [['import', '--nmae', 'x'], 'unknown option --nmae. Did you mean --name?'],
    [['import', '--check', 'x'], 'unknown option --check. Did you mean --checksum-url or --checksum-entry?'],
    [['import', '-x'], 'unknown option -x'],
    [['import', '--now'], 'unknown option --now\n  import has no --now; it is an option of janitor.'],
    [['import', '--url'], '--url requires a value'],
    [['import', '--url', '--name', 'x'], '--url requires a value'],
    [['import', '--json=yes'], '--json takes no value'],
    [['janitor', '--no-apply'], 'unknown option --no-apply'],
    [['verify'], 'verify requires an AMI or snapshot id'],
    [['verify', 'snap-0123456789abcdef0', 'more', '--file', 'x'], 'unexpected argument "more"'],
    [['verify', 'snap-0123456789abcdef0'], 'specify exactly one of --file, --url or --digests'],
    [
      ['verify', 'snap-0123456789abcdef0', '--file', '/nowhere/disk'],
      '--file: cannot read /nowhere/disk: ENOENT',
    ],
    [['doctor', 'all'], 'unexpected argument "all": doctor takes no arguments'],
    [['tag-fix', 'foo'], 'expected an AMI id such as ami-0123456789abcdef0, not "foo"'],
    [['tag-fix', '--name', 'x'], '--name and --suffix must be used together'],
    [['tag-fix', '--name', 'x', '--suffix', '1'], '--name and --suffix require at least one AMI id'],
    [['import', '--connections', '99'], '--connections: expected a whole number from 1 to 16, not 99'],
    [['import', '--connections', 'NaN'], '--connections: expected a whole number from 1 to 16, not "NaN"'],
    [['import', '--report', '-'], '--report: expected a file, not stdout, which has the result alone'],
    [['import', '--arch', 'arm'], '--arch: expected x86_64 or arm64, not "arm". Did you mean "arm64"?'],
    [['import', '--tag', 'team'], '--tag: expected a mapping, or KEY=VALUE, not "team"'],
    [['import', '--tag', 'aws:x=y'], '--tag: a tag key cannot begin with aws:'],
    [
      ['import', '--url', 'ftp://me:secret@x/y'],
      '--url: expected an http, https or s3 URL, or a path, not "ftp://x/y"',
    ],
    [['import', '--url', 'example.org/x'], 'if this is a URL, write https://example.org/x'],
    [['import', '--url', 'example.org'], 'if this is a URL, write https://example.org'],
    [['import', '--url', 'mirror:8000/x'], 'if this is a URL, write https://mirror:8000/x'],
    [
      ['import', '--name', 'x'],
      'missing required options: --url, --checksum-url (or --sha256), --arch, --bucket',
    ],
    [
      ['import', '--arch', 'arm64'],
      'missing required options: --name, --url, --checksum-url (or --sha256), --bucket',
    ],
    [['import', ...image, '--via', 'ebs'], 'missing required options: --checksum-url (or --sha256)'],
    [['import', ...image, '--sha256', hex, '--checksum-url', 'x'], 'are mutually exclusive'],
    [
      ['import', ...image, '--sha256', hex, '--sse', 'AES256', '--sse-kms-key', 'alias/disks'],
      '--sse AES256 and --sse-kms-key are mutually exclusive',
    ],
    [
      ['import', ...image, '--sha256', hex, '--via', 'ebs', '--tag', `team=${'x'.repeat(256)}`],
      'the value of the tag team has more than 255 characters, which EBS direct does not accept',
    ],
    [['doctor', '--endpoint-url', 'notaurl'], '--endpoint-url: expected an http or https URL, not "notaurl"'],
    [
      ['doctor', '--endpoint-url', 'https://me:secret@aws.test/'],
      '--endpoint-url: expected a URL without a user name and password, not one that has them before "https://aws.test/"',
    ],
    [['doctor', '--profile', 'nope'], 'there is no AWS profile "nope"'],
    [['janitor', '--from-plan', 'x', '--save-plan', 'y'], '--save-plan cannot be combined with --from-plan'],
    [
      ['janitor', '--region', 'us-east-1', '--all-regions'],
      '--region and --all-regions are mutually exclusive',
    ],
    [['help', 'verfy'], 'unknown command "verfy". Did you mean "verify"?'],
  ])('%j', async (args, says) => {
    const run = await runInProcess(args);
    expect(run.stderr).toContain(says);
    expect(run).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error [A-Z_]+: .*\n {2}\S/),
    });
    expect(run.stderr).not.toContain('secret');
  });
});

test.each(['--sha256', '--sha512'])('%s=HEX is taken', async (flag) => {
  const digits = 'b'.repeat(flag === '--sha256' ? 64 : 128);
  const run = await runInProcess(['import', ...image, `${flag}=${digits}`, ...nowhere, '--json']);
  // It came as far as AWS.
  expect(run.json<{ error: { code: string } }>().error.code).not.toBe('BAD_OPTION');
  expect(run.exitCode).toBe(1);
});

test.each(commandNames)('%s takes each of its options with the value behind an equals sign', (command) => {
  const { operands: spec } = commandSpecs[command];
  const ids = ['snap-0123456789abcdef0', 'ami-0123456789abcdef0'];
  const operands = spec?.min
    ? ids.filter((id) => spec.kind?.schema.safeParse(id).success ?? true).slice(0, 1)
    : [];
  for (const [key, entry] of optionsOf(optionTable, command)) {
    const option = entry.kind.metavar ? `--${key}=a=1` : `--${key}`;
    const { flags } = parseArguments(command, [option, ...operands]);
    expect(flags.get(key), key).toEqual(entry.kind.metavar ? ['a=1'] : [expect.any(String)]);
  }
});

describe('--json of what could not start', () => {
  test('an unknown command does not become a key', async () => {
    const run = await runInProcess(['imprt', '--json']);
    expect(Object.keys(run.json<object>())).toEqual(['version', 'error']);
  });

  test.each(commandNames)('%s has its own key, or that of its images', async (command) => {
    const run = await runInProcess([command, '--json', '--nonsense']);
    const document = run.json<Record<string, unknown>>();
    expect(document).toMatchObject({ version: 1, error: { code: 'USAGE' } });
    expect(Object.keys(document)).toEqual(
      command === 'import' ? ['version', 'images', 'next', 'error'] : ['version', command, 'error'],
    );
  });

  test('EC2_IMAGE_JSON asks for it, too', async () => {
    const run = await runInProcess(['doctor', '--nonsense'], { env: { EC2_IMAGE_JSON: '1' } });
    expect(run.json<object>()).toMatchObject({ doctor: null, error: { code: 'USAGE' } });
  });
});

describe('AWS profiles', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_CONFIG_FILE', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('a wrong one is named, with what was probably meant; a right one passes', async () => {
    const config = join(await temporaryDirectory('aws'), 'config');
    await writeFile(config, '[profile imaging]\nregion = us-east-1\n');
    const env = { AWS_CONFIG_FILE: config };
    const wrong = await runInProcess(['doctor', '--profile', 'imagign'], { env });
    expect(wrong).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'error PROFILE_NOT_FOUND: there is no AWS profile "imagign". Did you mean "imaging"?',
      ),
    });
    for (const keys of [{ AWS_ACCESS_KEY_ID: '' }, { AWS_ACCESS_KEY_ID: 'beside' }]) {
      const variable = await runInProcess(['doctor'], { env: { ...env, AWS_PROFILE: 'imagign', ...keys } });
      expect(variable).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('change AWS_PROFILE') });
      expect(variable.stderr).not.toContain('Multiple credential sources');
    }
    const right = await runInProcess(['doctor', '--profile', 'imaging', ...nowhere], { env });
    expect(right.stderr).not.toContain('PROFILE_NOT_FOUND');
  });
});

test('control characters of keys, names and values reach no terminal', async () => {
  const path = join(await temporaryDirectory('controls'), 'ec2-image.yaml');
  for (const yaml of [
    '"a\\e[31m": 1\n',
    'images: {"a\\e]0;x\\a": {url: x}}\n',
    'images: {a: {arch: "\\u202e"}}\n',
    'images: {a: {"\\u009b1m": 1}}\n',
  ]) {
    await writeFile(path, yaml);
    const { exitCode, stderr } = await runInProcess(['import', '--config', path]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error ');
    expect(stderr).not.toMatch(/[^\P{C}\n]/u);
  }
});

describe('AWS over plain http', () => {
  const image = ['--name', 'one', '--url', 'https://example.org/x.raw', '--arch', 'arm64', '--bucket', 'abc'];
  const complete = ['import', ...image, '--sha256', 'ab'.repeat(32)];
  const nobody = 'http://192.0.2.1:9';

  test.each([
    [[...complete, '--endpoint-url', nobody], {}],
    [['tag-fix'], { AWS_ENDPOINT_URL: nobody }],
    [['janitor', '--bucket', 'abc'], { AWS_ENDPOINT_URL_STS: 'http://images.invalid/x?key=secret' }],
    [complete, { AWS_ENDPOINT_URL: 'http://localhost.example.org:9' }],
  ])('from %j with %j is refused', async (args, env) => {
    const { exitCode, stderr } = await runInProcess(args, { env });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error INSECURE_ENDPOINT')]);
    expect(stderr).not.toContain('secret');
  });

  test('is allowed by --allow-insecure-endpoint, and on this machine without', async () => {
    for (const url of [[nobody, '--allow-insecure-endpoint'], ['http://[::1]:9'], ['http://localhost:9']]) {
      const few = ['--max-attempts', '1', '--outage-timeout', '1', '--request-timeout', '1'];
      const { stderr } = await runInProcess([...complete, '--endpoint-url', ...url, ...few]);
      expect(stderr).not.toContain('INSECURE_ENDPOINT');
      expect(stderr).toContain('error ');
    }
  });
});

describe('what the SDK reads of the environment', () => {
  test.each([
    [
      { AWS_ENDPOINT_URL_EC2: 'https://me:secret@aws.test/' },
      'AWS_ENDPOINT_URL_EC2: expected a URL without a user name and password, not one that has them before "https://aws.test/"',
    ],
    [{ AWS_ENDPOINT_URL: 'notaurl' }, 'AWS_ENDPOINT_URL: expected an http or https URL, not "notaurl"'],
    [
      { AWS_ENDPOINT_URL_S3: 'ftp://x/y' },
      'AWS_ENDPOINT_URL_S3: expected an http or https URL, not "ftp://x/y"',
    ],
    [{ AWS_REGION: 'x y' }, 'AWS_REGION: expected a region such as us-east-1, not "x y"'],
    [{ AWS_REGION: '', AWS_DEFAULT_REGION: 'x y' }, 'AWS_DEFAULT_REGION: expected a region'],
  ])('%j is named', async (env, says) => {
    for (const command of ['doctor', 'janitor', 'tag-fix']) {
      const run = await runInProcess([command], { env });
      expect(run).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`error BAD_OPTION: ${says}`),
      });
    }
  });

  test.each([
    ['endpoint_url = notaurl\n', 'endpoint_url of EC2: expected an http or https URL, not "notaurl"'],
    [
      'services = own\n[services own]\nsts =\n  endpoint_url = ftp://x/y\n',
      'endpoint_url of STS: expected an http or https URL, not "ftp://x/y"',
    ],
  ])('a profile with %j is named', async (settings, says) => {
    const config = join(await temporaryDirectory('aws'), 'config');
    await writeFile(config, `[profile p]\nregion = us-east-1\n${settings}`);
    const run = await runCli(['janitor', '--profile', 'p'], { env: { AWS_CONFIG_FILE: config } });
    expect(run).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`error BAD_OPTION: the ${says}`),
    });
  });

  test('does not matter beside an option', async () => {
    const env = { AWS_ENDPOINT_URL: 'notaurl', AWS_REGION: 'x y' };
    const run = await runInProcess(['janitor', ...nowhere, '--region', 'us-east-1'], { env });
    expect(run.stderr).not.toContain('BAD_OPTION');
  });

  test.each([
    ['without keys', 'region = us-east-1'],
    ['of a source that no file has', 'role_arn = arn:aws:iam::1:role/x\nsource_profile = gone'],
    ['of an SSO session that no file has', 'sso_session = gone\nsso_account_id = 1\nsso_role_name = x'],
    ['of a program that cannot be started', 'credential_process = /nonexistent'],
  ])('a profile %s is named, and not reported as a bug', async (_, settings) => {
    const config = join(await temporaryDirectory('aws'), 'config');
    await writeFile(config, `[profile p]\n${settings}\n`);
    const run = await runCli(['janitor', '--profile', 'p', '--region', 'us-east-1', '--max-attempts', '1'], {
      env: {
        AWS_CONFIG_FILE: config,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('error CREDENTIALS_MISSING: AWS profile "p" has no credentials');
    expect(run.stderr).not.toContain('set AWS_PROFILE');
  });
});

describe('what is checked first', () => {
  test('the command line before the configuration, and that before AWS', async () => {
    const missing = ['--config', '/nowhere.yaml'];
    expect((await runInProcess(['verify', ...missing])).stderr).toContain('verify requires');
    expect((await runInProcess(['tag-fix', '--name', 'x', ...missing])).stderr).toContain(
      'must be used together',
    );
    expect((await runInProcess(['doctor', '--profile', 'nope', ...missing])).stderr).toContain(
      'CONFIG_NOT_FOUND',
    );
    const noRegion = { env: { AWS_REGION: '' } };
    expect((await runInProcess(['janitor', '--from-plan', '/nowhere.json'], noRegion)).stderr).toContain(
      'PLAN_NOT_FOUND',
    );
  });
});

describe('help', () => {
  test.each(commandNames)('of %s has every option once, own ones first, then examples', async (command) => {
    const { stdout } = await runInProcess([command, '--help']);
    for (const [key] of optionsOf(optionTable, command)) {
      expect(stdout.match(new RegExp(`^ {2}--${key}( |$)`, 'gm')), key).toHaveLength(1);
    }
    expect(stdout.match(/^ {2}--/gm)).toHaveLength(optionsOf(optionTable, command).length);
    expect(stdout.indexOf('AWS account:')).toBeLessThan(stdout.indexOf('Files and output:'));
    expect(stdout.indexOf('Files and output:')).toBeLessThan(stdout.indexOf('Examples:'));
    for (const own of stdout.matchAll(
      /^(Image|Import|This run|Where to look|What to check|Disk to compare with):$/gm,
    )) {
      expect(own.index).toBeLessThan(stdout.indexOf('AWS account:'));
    }
    expect((await runInProcess(['help', command])).stdout).toBe(stdout);
    expect(renderOverview({ version: '1' })).toMatch(new RegExp(`^ {2}${command} +\\S`, 'm'));
  });

  test('of help is the overview', async () => {
    const overview = (await runInProcess(['--help'])).stdout;
    expect(await runInProcess(['help', 'help'])).toMatchObject({ exitCode: 0, stdout: overview });
  });

  test('is as wide as the terminal, and 80 columns where there is none', () => {
    for (const command of commandNames) {
      for (const [columns, most] of [
        [undefined, 80],
        [60, 60],
        [100, 100],
      ] as const) {
        const lines = renderCommandHelp(command, { columns }).split('\n');
        const options = lines.slice(0, lines.indexOf('Examples:'));
        expect(Math.max(...options.map(({ length }) => length))).toBeLessThanOrEqual(most);
      }
    }
  });

  test.each([
    [
      ['import', '--max-atempts', '3', '--help'],
      'unknown option --max-atempts. Did you mean --max-attempts?',
    ],
    [['help', 'import', '--max-atempts'], 'unknown option --max-atempts. Did you mean --max-attempts?'],
    [['help', 'verify', '--older-than'], 'unknown option --older-than'],
    [['--help', '--nonsense'], 'unknown option --nonsense'],
  ])('is not given for what does not exist: %s', async (args, message) => {
    expect(await runInProcess(args)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  test('--help wins over what else is wrong, and is said on stdout', async () => {
    expect(await runInProcess(['verify', '--max-disk-size', 'x', '--help'])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(await runInProcess(['help', 'verify', '--help', '--url'])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect((await runInProcess([])).stdout).toBe((await runInProcess(['--help'])).stdout);
  });
});

test('a log file that cannot be opened is wrong usage, as another path would be', async () => {
  const run = await runInProcess(['janitor', '--bucket', 'disk-images', '--log-file', '/nope/x']);
  expect(run).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('LOG_FILE: cannot write the log'),
  });
});

test('an age that is none is answered with the units that there are', async () => {
  const { stderr } = await runInProcess(['janitor', '--older-than', '5x']);
  expect(stderr).toContain(
    '--older-than: expected a time such as 90s, 15m, 24h or 7d, or a number of seconds, not "5x"',
  );
  expect((await runInProcess(['janitor', '--help'])).stdout).toMatch(/a number\s+alone is\s+seconds/);
});

describe('the configuration file', () => {
  const source = `images:\n  a: {url: "https://example.org/x", sha256: ${hex}}\n`;
  const importIn = (cwd: string, ...args: string[]) => runCli(['import', ...args], { cwd });

  test('nothing there: said with what was typed', async () => {
    const cwd = await temporaryDirectory('empty');
    expect((await importIn(cwd)).stderr).toContain(
      'nothing to import: ./ec2-image.yaml not found and no --url given',
    );
    expect((await importIn(cwd, 'foo')).stderr).toContain(
      'cannot import foo: ./ec2-image.yaml not found and no --url given',
    );
    expect(await readdir(cwd)).toEqual([]);
  });

  test('ec2-image.yml is found; beside ec2-image.yaml it is not ignored in silence', async () => {
    const cwd = await temporaryDirectory('yml');
    await writeFile(join(cwd, 'ec2-image.yml'), source);
    expect((await importIn(cwd)).stderr).toContain(
      'ec2-image.yml:2: images.a: missing required keys: arch, bucket',
    );
    await writeFile(join(cwd, 'ec2-image.yaml'), source);
    expect((await importIn(cwd)).stderr).toContain('has both ec2-image.yaml and ec2-image.yml');
  });

  test('that of a parent counts within a repository alone, and is named', async () => {
    const root = await temporaryDirectory('repository');
    const inner = join(root, 'some', 'where');
    await mkdir(inner, { recursive: true });
    await writeFile(join(root, 'ec2-image.yaml'), source);
    expect((await importIn(inner)).stderr).toContain('NOTHING_TO_IMPORT');
    await mkdir(join(root, '.git'));
    const found = await importIn(inner);
    expect(found.stderr).toContain(`Using ${join(root, 'ec2-image.yaml')}\n`);
    expect(found.stderr).toContain('missing required keys: arch, bucket');
    // What it would send requests to comes before the first of them.
    await writeFile(
      join(root, 'ec2-image.yaml'),
      `endpoint-url: http://127.0.0.1:9\nimages:\n  a: {url: "https://u:p@h/a.raw?key=secret"}\n  b: {fedora: 43, index-url: "https://\${UNSET}/"}\n`,
    );
    expect((await importIn(inner)).stderr).toContain(
      `Using ${join(root, 'ec2-image.yaml')}
  endpoint-url: http://127.0.0.1:9/
  images.a.url: https://h/a.raw
  images.b.fedora: 43
  images.b.index-url: depends on a variable that is not set
`,
    );
    await writeFile(join(root, 'ec2-image.yaml'), source);
    await mkdir(join(root, 'some', '.git'));
    expect((await importIn(inner)).stderr).toContain('NOTHING_TO_IMPORT');
  });

  test('EC2_IMAGE_CONFIG names it, and --config wins', async () => {
    const cwd = await temporaryDirectory('named');
    await writeFile(join(cwd, 'one.yaml'), source);
    const env = { EC2_IMAGE_CONFIG: join(cwd, 'one.yaml') };
    expect((await runInProcess(['import'], { env })).stderr).toContain('one.yaml:2: images.a: missing');
    expect((await runInProcess(['import', '--config', '/two.yaml'], { env })).stderr).toContain('/two.yaml');
  });

  test('its unset variables are nothing to a command that does not use them', async () => {
    const path = join(await temporaryDirectory('variables'), 'ec2-image.yaml');
    await writeFile(path, `suffix: \${IMG_SFX}\nbucket: \${BUCKET}\n${source}`);
    const run = (...args: string[]) => runInProcess([...args, '--config', path, ...nowhere]);
    const janitor = await run('janitor', '--bucket', 'abc', '--region', 'us-east-1');
    expect(janitor.stderr).not.toContain('CONFIG_VARIABLE_UNSET');
    expect((await run('doctor', '--json')).stderr).toContain(
      'ec2-image.yaml:2: ${BUCKET} is not set, and bucket needs it',
    );
    expect((await run('import', '--arch', 'arm64', '--bucket', 'abc')).stderr).toContain(
      'ec2-image.yaml:1: ${IMG_SFX} is not set, and suffix needs it',
    );
  });
});

describe('a variable', () => {
  test('stands for the flag, and the flag wins', async () => {
    const env = {
      EC2_IMAGE_URL: 'https://a.example/x,https://b.example/x',
      EC2_IMAGE_ARCH: 'arm64',
      EC2_IMAGE_BUCKET: 'abc',
    };
    expect((await runInProcess(['import', '--name', 'one'], { env })).stderr).toContain(
      'missing required options: --checksum-url (or --sha256)',
    );
    const wrong = { ...env, EC2_IMAGE_ARCH: 'i386' };
    expect((await runInProcess(['import', '--name', 'one'], { env: wrong })).stderr).toContain(
      'EC2_IMAGE_ARCH: expected x86_64 or arm64, not "i386"',
    );
    expect(
      (await runInProcess(['import', '--name', 'one', '--arch', 'arm64'], { env: wrong })).stderr,
    ).toContain('missing required options: --checksum-url (or --sha256)');
  });

  test('is not asked for what belongs on the command line', async () => {
    const env = { EC2_IMAGE_URL: 'https://a.example/x', EC2_IMAGE_APPLY: 'true', EC2_IMAGE_SUFFIX: '1' };
    expect((await runInProcess(['verify', 'snap-0123456789abcdef0'], { env })).stderr).toContain(
      'specify exactly one',
    );
    // It would ask for --yes.
    expect((await runInProcess(['janitor', ...nowhere], { env })).stderr).not.toContain('NOT_CONFIRMED');
    expect((await runInProcess(['tag-fix', ...nowhere], { env })).stderr).not.toContain(
      'must be used together',
    );
  });
});
