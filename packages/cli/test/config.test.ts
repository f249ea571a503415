import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importRequests } from '../src/config/import-request.ts';
import { parseConfig, readConfig } from '../src/config/read-config.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const path = 'ec2-image.yaml';
const hex = 'ab'.repeat(32);

function requestsOf(source: string, { env = {}, names = [] as string[], flags = {} } = {}) {
  return importRequests({ flags, names, file: parseConfig({ path, source, env }) });
}

const common = `region: us-east-1
bucket: images
suffix: \${IMG_SFX}
images:
  fedora-aws:
    url: https://example.org/Fedora.qcow2
    checksum-url: https://example.org/CHECKSUM
    arch: x86_64
  fedora-aws-arm64:
    url: [https://a.example/arm.raw.xz, https://b.example/arm.raw.xz]
    sha256: ${hex}
    arch: arm64
    bucket: images-arm
    tag: { team: 42 }
    poll-interval: 2
    max-disk-size: 10GiB
`;

test('images take what stands at the top, and their own before it', () => {
  const [fedora, arm] = requestsOf(common, { env: { IMG_SFX: '20261122' } });
  expect(fedora).toMatchObject({
    name: 'fedora-aws',
    urls: ['https://example.org/Fedora.qcow2'],
    checksum: { url: 'https://example.org/CHECKSUM' },
    suffix: '20261122',
    bucket: 'images',
    format: 'vhdx',
    keyPrefix: 'ec2-image/',
  });
  expect(arm).toMatchObject({
    urls: ['https://a.example/arm.raw.xz', 'https://b.example/arm.raw.xz'],
    checksum: { digest: `sha256:${hex}` },
    bucket: 'images-arm',
    ami: { tags: { team: '42' } },
    pollIntervalMs: 2000,
    maxDiskSizeBytes: 10 * 1024 ** 3,
  });
});

test('a file without an end is read no further than a configuration can be', async () => {
  const path = '/dev/zero';
  await expect(readConfig({ path, env: {} })).rejects.toThrow('larger than 4 MiB');
});

describe('the architecture', () => {
  const image = (url: string, more = '') =>
    requestsOf(`images:\n  a: {url: ${url}, sha256: ${hex}, bucket: abc${more}}\n`)[0]!.architecture;

  test.each([
    ['Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2', 'x86_64'],
    ['Fedora-Cloud-Base-Generic.aarch64-40-1.14.qcow2', 'arm64'],
    ['debian-13-genericcloud-amd64-20261117-2299.qcow2', 'x86_64'],
    ['ubuntu-26.04-server-cloudimg-arm64.img', 'arm64'],
    ['nocloud_alpine-3.21.0-x86_64-bios-cloudinit-r0.qcow2', 'x86_64'],
    ['AlmaLinux-10-GenericCloud-latest.x86_64_v2.qcow2', 'x86_64'],
    ['openwrt-24.10.0-x86-64-generic-ext4-combined.img.gz', 'x86_64'],
    ['FreeBSD-14.2-RELEASE-arm64-aarch64.qcow2.xz', 'arm64'],
    ['get.php?file=disk%2DAMD64.raw', 'x86_64'],
    ['server-amd64v3.img', 'x86_64'],
  ])('of %s is read from its name', (name, architecture) => {
    expect(image(`"https://example.org/${name}"`)).toBe(architecture);
  });

  test.each(['disk.qcow2', 'kamd64x.raw', 'x86_64-to-arm64.raw'])('of %s has to be given', (name) => {
    expect(() => image(`https://example.org/${name}`)).toThrow('missing required keys: arch');
    expect(image(`https://example.org/${name}`, ', arch: aarch64')).toBe('arm64');
  });

  test.each([
    ['arch', 'https://example.org/disk-x86_64.raw', ', arch: arm64', 'arch is arm64, but disk-x86_64.raw'],
    [
      'a mirror',
      '[https://a.example/amd64.raw, https://b.example/arm64.raw]',
      '',
      'amd64.raw is an image for',
    ],
  ])('is not given twice, and differently by %s', (_, url, more, says) => {
    expect(() => image(url, more)).toThrow(
      expect.objectContaining({ code: 'ARCH_CONTRADICTION', message: expect.stringContaining(says) }),
    );
  });

  test('that EC2 does not have is told as such', () => {
    expect(() => image('https://example.org/disk.s390x.raw')).toThrow(
      expect.objectContaining({ code: 'ARCH_UNSUPPORTED' }),
    );
  });
});

test('a flag wins over the file, and names choose images', () => {
  const requests = requestsOf(common, {
    env: { IMG_SFX: '1' },
    names: ['fedora-aws'],
    flags: { suffix: '2', bucket: 'other' },
  });
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({ name: 'fedora-aws', suffix: '2', bucket: 'other' });
});

test('numbers that are names keep all their digits', () => {
  const [image] = requestsOf(
    `suffix: 007\nbucket-owner: 012345678901\nbucket: abc\nimages:\n  a:\n    {url: x, sha256: ${hex}, arch: x86_64}\n`,
  );
  expect(image).toMatchObject({ suffix: '007', bucketOwner: '012345678901' });
});

test('variables have defaults, an empty suffix is none, and $$ is a dollar sign', () => {
  const source = `bucket: abc\nsuffix: \${UNSET:-}\nimages:\n  a:\n    {url: "\${BASE:-http://h}/$\${x}", sha256: ${hex}, arch: x86_64}\n`;
  const [image] = requestsOf(source);
  expect(image?.suffix).toBeUndefined();
  expect(image?.urls).toEqual(['http://h/${x}']);
});

test.each([
  ['CONFIG_INVALID', 'ec2-image.yaml:2: buckett: unknown key', 'region: us-east-1\nbuckett: x\n'],
  ['CONFIG_INVALID', 'ec2-image.yaml:3: images.a.ur: unknown key', 'images:\n  a:\n    ur: x\n'],
  [
    'CONFIG_INVALID',
    'ec2-image.yaml:3: images.a.arch: expected x86_64 or arm64, not "i386"',
    'images:\n  a:\n    arch: i386\n',
  ],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: format: expected vhdx, vhd, vmdk or raw, not "iso"', 'format: iso\n'],
  ['CONFIG_INVALID', 'ec2-image.yaml:2: tag.aws:x: a tag key cannot begin with aws:', 'tag:\n  "aws:x": y\n'],
  [
    'CONFIG_INVALID',
    'ec2-image.yaml:1: poll-interval: expected a time such as 90s, 15m, 24h or 7d, or a number of seconds, not "soon"',
    'poll-interval: soon\n',
  ],
  [
    'CONFIG_VARIABLE_UNSET',
    'ec2-image.yaml:1: ${NOPE} is not set, and suffix needs it',
    `suffix: \${NOPE}\nimages:\n  a: {url: x, sha256: ${hex}, arch: arm64, bucket: abc}\n`,
  ],
  [
    'CONFIG_VARIABLE_UNSET',
    'ec2-image.yaml:2: ${NOPE} is not set, and images.a.url needs it',
    `images:\n  a: {url: "\${NOPE}/x", sha256: ${hex}, arch: arm64, bucket: abc}\n`,
  ],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: images must be a mapping of name to settings', 'images: [a, b]\n'],
  ['CONFIG_INVALID', 'ec2-image.yaml:2: images.a: expected a mapping of settings', 'images:\n  a: x\n'],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: url: belongs under an image, not at the top', 'url: x\n'],
  [
    'CONFIG_INVALID',
    'ec2-image.yaml:1: apply: can only be given on the command line, as --apply',
    'apply: true\n',
  ],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: buckt: unknown key. Did you mean "bucket"?', 'buckt: x\n'],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: verify: expected true or false, not "yes"', 'verify: yes\n'],
  [
    'CONFIG_INVALID',
    'ec2-image.yaml:1: connections: expected a whole number from 1 to 16, not 99',
    'connections: 99\n',
  ],
  ['CONFIG_INVALID', 'ec2-image.yaml:2: YAML aliases are not supported', 'suffix: &a x\nkey-prefix: *a\n'],
  ['CONFIG_SYNTAX', 'ec2-image.yaml:2: ', 'a: [1,\nb: }\n'],
  [
    'CONFIG_SYNTAX',
    'ec2-image.yaml:2: region: the key is there twice',
    'region: us-east-1\nregion: us-east-2\n',
  ],
  [
    'MISSING_SETTING',
    'ec2-image.yaml:2: images.a: missing required keys: url',
    `images:\n  a: {sha256: ${hex}, arch: arm64, bucket: abc}\n`,
  ],
  [
    'MISSING_SETTING',
    'ec2-image.yaml:2: images.a: missing required keys: bucket',
    `images:\n  a: {url: x, sha256: ${hex}, arch: arm64}\n`,
  ],
  [
    'MISSING_SETTING',
    'ec2-image.yaml:2: images.a: missing required keys: checksum-url (or sha256)',
    'images:\n  a: {url: x, bucket: abc, arch: arm64}\n',
  ],
  [
    'MISSING_SETTING',
    'ec2-image.yaml:2: images.a: missing required keys: url, checksum-url (or sha256), arch, bucket',
    'images:\n  a: {format: raw}\n',
  ],
  [
    'CHECKSUM_TWICE',
    'ec2-image.yaml:2: images.a: ',
    `images:\n  a: {url: x, bucket: abc, arch: arm64, sha256: ${hex}, checksum-url: y}\n`,
  ],
  [
    'BAD_AMI_NAME',
    'ec2-image.yaml:2: images.a*b: ',
    `images:\n  a*b: {url: x, bucket: abc, arch: arm64, sha256: ${hex}}\n`,
  ],
  [
    'RESERVED_TAG',
    'ec2-image.yaml:2: images.a: ',
    `images:\n  a: {url: x, bucket: abc, arch: arm64, sha256: ${hex}, tag: {Name: x}}\n`,
  ],
  [
    'NOTHING_TO_IMPORT',
    'nothing to import: ec2-image.yaml names no images and no --url given',
    'region: us-east-1\n',
  ],
  ['CONFIG_INVALID', 'ec2-image.yaml:1: ', '- a list\n'],
])('%s: %s', (code, message, source) => {
  expect(() => requestsOf(source)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test('all mistakes of a file are told in one message, a line each', () => {
  const source = `poll-interval: fast
images:
  a:
    chekcsum-url: x
    arch: amd65
    tag: {"aws:x": y, "aws:z": y}
  b: [x]
regoin: us-east-1
`;
  expect(() => requestsOf(source)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: `ec2-image.yaml: 7 errors
  ec2-image.yaml:1: poll-interval: expected a time such as 90s, 15m, 24h or 7d, or a number of seconds, not "fast"
  ec2-image.yaml:4: images.a.chekcsum-url: unknown key. Did you mean "checksum-url"?
  ec2-image.yaml:5: images.a.arch: expected x86_64 or arm64, not "amd65". Did you mean "amd64"?
  ec2-image.yaml:6: images.a.tag.aws:x: a tag key cannot begin with aws:
  ec2-image.yaml:6: images.a.tag.aws:z: a tag key cannot begin with aws:
  ec2-image.yaml:7: images.b: expected a mapping of settings
  ec2-image.yaml:8: regoin: unknown key. Did you mean "region"?`,
    }),
  );
});

describe('a file that is not YAML', () => {
  test.each([
    ['3: images.a.url: the key is there twice', 'images:\n  a: {url: x,\n    url: y}\n'],
    ['1: bucket: a second "key:" in one value', 'bucket: a: b\n'],
    ['1: region: a value cannot begin with this character', 'region: @x\n'],
    ['2: tag: tabs are not allowed as indentation', 'tag:\n\ta: b\n'],
    ['2: tag.a: the closing } is missing', 'tag: {a: b\n'],
    ['2: suffix: the closing " is missing', 'suffix: "x\n'],
    ['1: suffix: no such escape in double quotes', 'suffix: "\\q"\n'],
    ['3: b: the line is not indented as its neighbours', 'tag:\n    a: b\n  b: c\n'],
    ['1: tag.b: inside { } and [ ] a list or mapping', 'tag: {b: 1 c: 2}\n'],
    ['2: bucket: expected "key: value": the ":" is missing', 'region: us-east-1\nbucket\n'],
    ['3: the file has several documents', '---\nbucket: x\n---\nbucket: y\n'],
    ['1: suffix: something stands here that does not belong', 'suffix: "x" y\n'],
    ['1: suffix: a space is missing before "#"', 'suffix: "x"#y\n'],
  ])('is told in our words: %s', (message, source) => {
    expect(() => requestsOf(source)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_SYNTAX',
        message: expect.stringContaining(`ec2-image.yaml:${message}`),
        hint: 'Correct the YAML on that line.',
      }),
    );
  });

  test('is told with each key that is there twice', () => {
    const source = 'bucket: a\nbucket: b\nsuffix: a\nsuffix: b\n';
    expect(() => requestsOf(source)).toThrow(/2 errors\n.*:2: bucket: .* twice\n.*:4: suffix: .* twice$/);
  });
});

test('an image that the file does not have is answered with those that it has', () => {
  expect(() => requestsOf(common, { env: { IMG_SFX: '1' }, names: ['debian'] })).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_IMAGE', hint: 'It has: fedora-aws, fedora-aws-arm64.' }),
  );
  expect(() => requestsOf(common, { env: { IMG_SFX: '1' }, names: ['fedora-asw'] })).toThrow(
    'has no image "fedora-asw". Did you mean "fedora-aws"?',
  );
});

describe('variables', () => {
  const source = `bucket: \${BUCKET}
suffix: \${IMG_SFX}
connections: \${CONNECTIONS}
verify: \${VERIFY:-true}
images:
  one:
    {url: "https://example.org/\${ONE}", sha256: ${hex}, arch: x86_64}
  two:
    {url: "https://example.org/\${TWO}", sha256: ${hex}, arch: x86_64}
`;
  const env = { IMG_SFX: '7', ONE: '1', CONNECTIONS: '2', BUCKET: 'abc' };

  test('are needed only by the images that are named, and not beside a flag', () => {
    const [one] = requestsOf(source, { env, names: ['one'] });
    expect(one).toMatchObject({ urls: ['https://example.org/1'], suffix: '7', connections: 2, verify: true });
    const [other] = requestsOf(source, {
      env: { ...env, BUCKET: undefined, IMG_SFX: undefined },
      names: ['one'],
      flags: { bucket: 'flagged', suffix: '' },
    });
    expect(other).toMatchObject({ bucket: 'flagged', suffix: undefined });
    expect(() => requestsOf(source, { env })).toThrow('${TWO} is not set, and images.two.url needs it');
  });

  test('of what only S3 needs are nothing to an image that goes by way of EBS', () => {
    const unset = ['bucket', 'bucket-owner', 'key-prefix', 'role-name', 'import-attempts', 'import-timeout'];
    const s3 = `${unset.map((key) => `${key}: \${NOPE}\n`).join('')}${source.replace('bucket: ${BUCKET}', '')}`;
    const [one] = requestsOf(s3, { env, names: ['one'], flags: { via: 'ebs' } });
    expect(one).toMatchObject({ via: 'ebs', keyPrefix: 'ec2-image/' });
    expect(() => requestsOf(s3, { env, names: ['one'] })).toThrow('${NOPE} is not set, and bucket needs it');
  });

  test('are checked as what they stand for', () => {
    expect(() => requestsOf(source, { env: { ...env, CONNECTIONS: 'many' }, names: ['one'] })).toThrow(
      'ec2-image.yaml:3: connections: expected a whole number from 1 to 16, not "many"',
    );
  });
});

test('a digest on the command line wins over the checksum file of the configuration', () => {
  const [fedora] = requestsOf(common, {
    env: { IMG_SFX: '1' },
    names: ['fedora-aws'],
    flags: { sha512: 'cd'.repeat(64) },
  });
  expect(fedora!.checksum).toEqual({ digest: `sha512:${'cd'.repeat(64)}` });
});

test('paths are those of the file, and URLs are left alone', async () => {
  const directory = await temporaryDirectory('config');
  const yaml = `work-dir: work\nimages:\n  a:\n    {url: [disk.raw, https://h/disk.raw, /abs/disk.raw], checksum-url: ../SUMS, arch: x86_64, bucket: abc}\n`;
  const file = parseConfig({ path: join(directory, path), source: yaml, env: {} });
  expect(file.config['work-dir']).toBe(join(directory, 'work'));
  expect(importRequests({ flags: {}, names: [], file })[0]).toMatchObject({
    urls: [join(directory, 'disk.raw'), 'https://h/disk.raw', '/abs/disk.raw'],
    checksum: { url: join(directory, '..', 'SUMS') },
  });
});

describe('a URL', () => {
  const urlOf = (url: string) => () =>
    requestsOf(`images:\n  a: {url: "${url}", sha256: ${hex}, arch: x86_64, bucket: abc}\n`);
  test.each([
    ['ftp://x/y', 'expected an http, https or s3 URL, or a path, not "ftp://x/y"'],
    ['s3://bucket', 'expected an http, https or s3 URL, or a path'],
    ['https://', 'expected an http, https or s3 URL, or a path'],
    ['http://h:99999/x', 'expected an http, https or s3 URL, or a path'],
    ['file://elsewhere/x', 'expected an http, https or s3 URL, or a path'],
    ['ftp://me:secret@x/y?token=1', 'not "ftp://x/y"'],
    [
      'example.org/disk.qcow2',
      'there is no file "example.org/disk.qcow2"; if this is a URL, write https://example.org/disk.qcow2',
    ],
    ['localhost:8000/disk.qcow2', 'write https://localhost:8000/disk.qcow2'],
  ])('%s is refused', (url, message) => {
    expect(urlOf(url)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('that looks like a host is nothing to those who do not use it, and a path where there is such a file', async () => {
    const directory = await temporaryDirectory('config');
    await mkdir(join(directory, 'example.org'));
    await writeFile(join(directory, 'example.org', 'disk.qcow2'), '');
    const source = `images:\n  a: {url: example.org/disk.qcow2, sha256: ${hex}, arch: x86_64, bucket: abc}\n`;
    const elsewhere = parseConfig({ path: `/nowhere/${path}`, source, env: {} });
    expect(elsewhere.config.images!.a!.bucket).toBe('abc');
    const file = parseConfig({ path: join(directory, path), source, env: {} });
    expect(importRequests({ flags: {}, names: [], file })[0]!.urls).toEqual([
      join(directory, 'example.org', 'disk.qcow2'),
    ]);
  });
});

describe('names of credentials', () => {
  const names = [
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_ACCESS_KEY_ID',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    'ACTIONS_RUNTIME_TOKEN',
    'GITHUB_TOKEN',
    'github_token',
    'GH_PAT',
    'CI_JOB_JWT_V2',
    'NPM_TOKEN',
    'npm_config__auth',
    'DOCKER_AUTH_CONFIG',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'AZURE_STORAGE_KEY',
    'AZURE_STORAGE_CONNECTION_STRING',
    'PGPASSWORD',
    'MYSQL_PWD',
    'DB_PASS',
    'SSH_PRIVATE_KEY',
    'OPENAI_API_KEY',
    'APIKEY',
    'GPG_PASSPHRASE',
    'SSHPASS',
    'AWS_KEY',
    'GPG_KEY',
    'VAULT_PW',
    'DATABASE_URL',
    'SENTRY_DSN',
  ];

  test.each(names)('${%s} is refused, set or not', (name) => {
    for (const env of [{}, { [name]: 's3cr3t' }]) {
      expect(() => parseConfig({ path, source: `region: us-east-1\nsuffix: "\${${name}}"\n`, env })).toThrow(
        expect.objectContaining({
          code: 'CONFIG_CREDENTIAL',
          message: expect.stringContaining(`ec2-image.yaml:2: \${${name}} is the name of a credential`),
          hint: expect.stringContaining(`Remove \${${name}}`),
          facts: expect.objectContaining({ variable: name }),
        }),
      );
    }
  });

  test.each([
    'url: "https://h/${AWS_SECRET_ACCESS_KEY}"',
    'url: [a, "https://h/?x=${AWS_SECRET_ACCESS_KEY:-none}"]',
    'url: "${BASE:-https://h}/${AWS_SECRET_ACCESS_KEY}"',
    'tag: { owner: "${AWS_SECRET_ACCESS_KEY}" }',
    'amis: { us-east-1: "${AWS_SECRET_ACCESS_KEY}" }',
    'checksum-url: |\n      https://h/${AWS_SECRET_ACCESS_KEY}',
    'unknown: { deep: [ { er: "${AWS_SECRET_ACCESS_KEY}" } ] }',
  ])('are refused wherever they stand: %s', (line) => {
    const env = { AWS_SECRET_ACCESS_KEY: 's3cr3t' };
    expect(() => parseConfig({ path, source: `images:\n  a:\n    ${line}\n`, env })).toThrow(
      expect.objectContaining({ code: 'CONFIG_CREDENTIAL' }),
    );
  });

  test.each([
    'IMG_SFX',
    'AWS_REGION',
    'AWS_PROFILE',
    'PWD',
    'HOME',
    'KEY_PREFIX',
    'KMS_KEY',
    'KMS_KEY_ID',
    'OBJECT_KEY',
    'DSN_FORMAT',
    'MIRROR_URL',
    'AUTHOR',
    'BYPASS',
    'URL_PATTERN',
    'BUILD_NUMBER',
  ])('${%s} is no such name', (name) => {
    const file = parseConfig({ path, source: `suffix: "\${${name}}"\n`, env: { [name]: 'value' } });
    expect(file.config.suffix).toBe('value');
  });

  test('the text that stands for a dollar sign and a brace is not a variable', () => {
    const { config } = parseConfig({ path, source: 'suffix: "$${AWS_SECRET_ACCESS_KEY}"\n', env: {} });
    expect(config.suffix).toBe('${AWS_SECRET_ACCESS_KEY}');
  });
});
