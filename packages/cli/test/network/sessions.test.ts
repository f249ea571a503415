import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type TestAccount, undisturbedCalls } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { flagsOf, type ImportDocument } from '../support/import.ts';
import { runOnTerminal } from '../support/on-terminal.ts';
import { ownEnvironment, runCli } from '../support/run-cli.ts';

const own = '123456789012';
const others = ['111111111111', '222222222222'] as const;
const keysOf = (accountId: string) => ({
  accessKeyId: `AKIA${accountId}`,
  secretAccessKey: `secret of ${accountId}`,
});
const bucketOf = (accountId: string) => `disks-of-${accountId}`;

const test = testWith({
  account: {
    credentials: others.map((accountId) => ({ ...keysOf(accountId), accountId })),
    buckets: others.map((owner) => ({ name: bucketOf(owner), owner })),
  },
});

/** A role that the emulator's own account may assume, and that may do everything. */
async function createImporter(
  { client }: TestAccount,
  accountId: string,
  Condition?: object,
): Promise<string> {
  const credentials = accountId === own ? undefined : keysOf(accountId);
  const iam = client(IAMClient, credentials && { credentials });
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${own}:root` },
    Action: 'sts:AssumeRole',
    Condition,
  };
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const RoleName = 'Importer';
  await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
  );
  const PolicyDocument = JSON.stringify({ Statement: [everything] });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }));
  return `arn:aws:iam::${accountId}:role/${RoleName}`;
}

test('two images of one configuration go to two accounts, by one session each', async ({
  account,
  images,
  workDirectory,
}) => {
  const roles = await Promise.all(others.map((accountId) => createImporter(account, accountId)));
  const config = join(workDirectory, 'ec2-image.yaml');
  const entries = others.map(
    (accountId, index) => `  of-${accountId}:
    url: ${images.url('qcow2')}
    arch: x86_64
    checksum-url: ${images.checksumUrl}
    role-arn: ${roles[index]}
    bucket: ${bucketOf(accountId)}
`,
  );
  await writeFile(config, `suffix: one\nimages:\n${entries.join('')}`);
  const flags = flagsOf({
    config,
    'work-dir': workDirectory,
    'endpoint-url': account.aws.url,
    'poll-interval': 0.02,
    json: true,
  });
  const end = await runCli(['import', ...flags]);
  expect(end.exitCode, end.stderr).toBe(0);
  const results = end.json<ImportDocument>().images;
  for (const [index, accountId] of others.entries()) {
    const ec2 = account.client(EC2Client, { credentials: keysOf(accountId) });
    await expect
      .poll(async () => {
        const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
        return Images.map(({ ImageId, OwnerId }) => [ImageId, OwnerId]);
      })
      .toEqual([[results[index]?.imageId, accountId]]);
    expect(end.stderr).toContain(`role Importer of ${accountId}`);
  }
  const assumed = undisturbedCalls(account, 'AssumeRole').filter(({ status }) => status === 200);
  expect(assumed.map(({ parameters }) => parameters.RoleArn).sort()).toEqual(roles);
});

test('a role that wants MFA asks for the code on a terminal, once, and says without one what to do', async ({
  account,
  workDirectory,
}) => {
  const arn = await createImporter(account, own, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } });
  const serial = `arn:aws:iam::${own}:mfa/me`;
  const config = join(workDirectory, 'config');
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = ownEnvironment;
  await writeFile(
    config,
    `[profile importer]\nrole_arn = ${arn}\nsource_profile = keys\nmfa_serial = ${serial}\n[profile keys]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
  );
  const env = { AWS_CONFIG_FILE: config };
  const args = ['janitor', '--profile', 'importer', '--endpoint-url', account.aws.url];
  const question = `Code of the MFA device ${serial}: `;
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...without } = ownEnvironment;
  const end = await runOnTerminal(args, { question, answer: '123456', env: { ...without, ...env } });
  expect(end.exitCode, end.stderr + end.stdout).toBe(0);
  expect(end.stderr.split(question)).toHaveLength(2);
  const assumed = undisturbedCalls(account, 'AssumeRole').filter(({ status }) => status === 200);
  expect(assumed.map(({ parameters }) => parameters.TokenCode)).toEqual(['123456']);

  const alone = await runCli(args, { env });
  expect(alone.exitCode).toBe(2);
  expect(alone.stderr).toContain(
    `error MFA_NEEDS_TERMINAL: the profile asks for a code of the MFA device ${serial}`,
  );
});

test('a container out of reach of its instance role is told of the hop limit', async ({ account }) => {
  // Takes connections, as across one hop, and its answers never arrive.
  const metadata = createServer(() => {});
  metadata.listen(0, '127.0.0.1');
  await once(metadata, 'listening');
  const args = ['janitor', '--region', 'us-east-1', '--endpoint-url', account.aws.url];
  try {
    const end = await runCli(args, {
      env: {
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_EC2_METADATA_DISABLED: undefined,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`,
      },
    });
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain(
      'error CREDENTIALS_MISSING: no AWS credentials: the instance metadata service',
    );
    expect(end.stderr).toContain('--http-put-response-hop-limit 2');
  } finally {
    metadata.close();
  }
});
