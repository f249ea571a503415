import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { openGpg } from '@ec2-image/sample-image';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishDocument } from '../publish/support.ts';
import { bucket, undisturbedCalls } from '../support/account.ts';
import { type BehindProxy, openBehindProxy } from '../support/behind-proxy.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { flagsOf, type ImportDocument, makeWorkDirectory } from '../support/import.ts';
import { sampleOf, sampleSeed } from '../support/sample.ts';

const accountId = '123456789012';
const imageUrl = 'https://images.test/Test-Cloud-1.0.x86_64.qcow2';
const issuer = 'token.actions.example.com';

let images: TestImages;
let behind: BehindProxy;
let work: string;
const keyring = 'keyring.asc';
const signed = {
  ...{ keyring, 'signature-url': `${imageUrl}.sig` },
  'checksum-url': 'https://images.test/SHA256SUMS',
};

/** Beside the image its signature and checksums without one, and its publisher's key in the home. */
async function signImage(): Promise<void> {
  await using gpg = await openGpg();
  const publisher = await gpg.makeKey('ed25519');
  const path = join(images.directory, basename(images.url('qcow2')));
  const signature = await gpg.sign(publisher, await readFile(path), ['--detach-sign']);
  await writeFile(`${path}.sig`, signature);
  const checksums = await readFile(join(images.directory, 'CHECKSUM'), 'utf8');
  await writeFile(join(images.directory, 'SHA256SUMS'), `${checksums.match(/^SHA256 .*$/m)![0]}\n`);
  await writeFile(join(behind.home, keyring), await readFile(await gpg.exportKeys([publisher])));
}

beforeAll(async () => {
  images = await publishImages(['qcow2']);
  behind = await openBehindProxy({
    mirrorPort: Number(new URL(images.server.url).port),
    proxy: { credentials: 'me:secret' },
  });
  work = await makeWorkDirectory();
  await signImage();
  const iam = behind.account.client(IAMClient);
  for (const [RoleName, Principal, Action] of [
    ['Importer', { AWS: `arn:aws:iam::${accountId}:root` }, 'sts:AssumeRole'],
    [
      'Pod',
      { Federated: `arn:aws:iam::${accountId}:oidc-provider/${issuer}` },
      'sts:AssumeRoleWithWebIdentity',
    ],
  ] as const) {
    const statement = { Effect: 'Allow', Principal, Action };
    await iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify({ Statement: [statement] }),
      }),
    );
    const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'all',
        PolicyDocument: JSON.stringify({ Statement: [everything] }),
      }),
    );
  }
  await behind.configure(`[profile role]
role_arn = arn:aws:iam::${accountId}:role/Importer
source_profile = keys
[profile keys]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
[profile sso]
sso_session = corp
sso_account_id = ${accountId}
sso_role_name = Importer
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
`);
  const cache = join(behind.home, '.aws', 'sso', 'cache');
  await mkdir(cache, { recursive: true });
  await writeFile(
    join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`),
    JSON.stringify({ accessToken: 'sso-token', expiresAt: new Date(Date.now() + 3_600_000).toISOString() }),
  );
  const claims = {
    iss: `https://${issuer}`,
    sub: 'ci',
    aud: 'sts.amazonaws.com',
    exp: Date.now() / 1000 + 3600,
  };
  await writeFile(
    join(behind.home, 'token'),
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`,
  );
});
afterAll(async () => {
  await behind[Symbol.asyncDispose]();
  await images[Symbol.asyncDispose]();
});

const importing = (via: 's3' | 'ebs') => [
  'import',
  ...flagsOf({
    name: `test-${via}`,
    arch: 'x86_64',
    via,
    bucket: via === 's3' ? bucket : undefined,
    url: imageUrl,
    'checksum-url': 'https://images.test/CHECKSUM',
    ...(via === 'ebs' && { ...signed, 'omit-holes': true }),
    'poll-interval': 0.05,
    'work-dir': work,
  }),
];

const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };

const credentials = [
  ['static credentials', 's3', [], {}, {}],
  ['a role of a profile', 's3', ['--profile', 'role'], noKeys, { AssumeRole: 1 }],
  ['--role-arn', 's3', ['--role-arn', `arn:aws:iam::${accountId}:role/Importer`], {}, { AssumeRole: 1 }],
  ['SSO', 's3', ['--profile', 'sso'], noKeys, { GetRoleCredentials: 1 }],
  [
    'web identity',
    'ebs',
    [],
    {
      ...noKeys,
      AWS_ROLE_ARN: `arn:aws:iam::${accountId}:role/Pod`,
      AWS_WEB_IDENTITY_TOKEN_FILE: 'token',
    },
    { AssumeRoleWithWebIdentity: 1 },
  ],
] as const;
/** Each runs the command three times, in processes of their own. */
const tried = sampleOf(credentials, 2);

describe.each(tried)(`by %s (EC2_IMAGE_SEED=${sampleSeed})`, (_, via, flags, env, sessions) => {
  const run = async (args: readonly string[]) => {
    behind.account.aws.calls.clear();
    const end = await behind.run([...args, ...flags, '--json'], env);
    expect(await behind.direct()).toBe('');
    const made = Object.fromEntries(
      ['AssumeRole', 'AssumeRoleWithWebIdentity', 'GetRoleCredentials']
        .map((operation) => [operation, undisturbedCalls(behind.account, operation).length] as const)
        .filter(([, count]) => count > 0),
    );
    // One session for all clients of a run.
    expect(made, end.stderr).toEqual(sessions);
    return end;
  };

  test('an import', async () => {
    const end = await run(importing(via));
    expect(end.exitCode, end.stderr + end.stdout).toBe(0);
    expect(end.json<ImportDocument>().images[0]).toMatchObject({ imageId: expect.stringMatching(/^ami-/) });
  });

  test('a doctor', async () => {
    const end = await run(['doctor', '--bucket', bucket]);
    expect(end.exitCode, end.stdout).toBe(0);
  });

  test('a janitor', async () => {
    const end = await run(['janitor', '--bucket', bucket]);
    expect([0, 3], end.stdout + end.stderr).toContain(end.exitCode);
  });
});

test('an import by way of EBS, its publication, a boot test and a retirement', {
  timeout: 180_000,
}, async () => {
  const run = async (...args: readonly string[]) => {
    const end = await behind.run([...args, '--json']);
    expect(await behind.direct()).toBe('');
    return end;
  };
  // There already where web identity has been tried.
  const imported = await run(...importing('ebs'));
  expect(imported.exitCode, imported.stderr).toBe(0);
  const settings = {
    ...{ url: imageUrl, 'checksum-url': 'https://images.test/CHECKSUM', arch: 'x86_64', via: 'ebs' },
    ...{ regions: ['eu-west-1'], 'ssm-parameter': '/images/{name}', retain: { count: 1 } },
  };
  // JSON is YAML.
  await writeFile(
    join(behind.home, 'ec2-image.yaml'),
    JSON.stringify({ region: 'us-east-1', 'poll-interval': 0.05, images: { 'test-ebs': settings } }),
  );
  const published = await run('publish');
  expect(published.exitCode, published.stderr).toBe(0);
  const [image] = published.json<PublishDocument>().publish!.images;
  expect(image!.regions.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
  const { imageId } = image!.regions[0]!;
  const booted = await run('boot-test', imageId!, '--region', 'us-east-1', '--boot-timeout', '3');
  expect(booted.exitCode, booted.stderr).toBe(0);
  const retired = await run('retire');
  expect(retired.exitCode, retired.stderr).toBe(0);
});

test('the proxy was asked for the hosts of AWS and for the mirror', () => {
  expect(new Set(behind.proxy.tunnels)).toEqual(
    new Set([
      'images.test:443',
      'sts.us-east-1.amazonaws.com:443',
      'sts.eu-west-1.amazonaws.com:443',
      'ec2.us-east-1.amazonaws.com:443',
      'iam.amazonaws.com:443',
      'ebs.us-east-1.amazonaws.com:443',
      'ssm.us-east-1.amazonaws.com:443',
      'ec2.eu-west-1.amazonaws.com:443',
      'ssm.eu-west-1.amazonaws.com:443',
      'servicequotas.us-east-1.amazonaws.com:443',
      ...(tried.some(([name]) => name === 'SSO') ? ['portal.sso.us-east-1.amazonaws.com:443'] : []),
      `${bucket}.s3.us-east-1.amazonaws.com:443`,
    ]),
  );
});
