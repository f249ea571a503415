import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '@ec2-image/explained-error';
import { expect, test } from 'vitest';
import { explain } from '../src/errors/explain.ts';
import { cleanupCommand } from '../src/render/cleanup-command.ts';
import { type AccountChoice, connectionFlags } from '../src/render/connection-flags.ts';

const here: AccountChoice = { connection: {}, local: false, workDirectory: '/work' };
const role = { arn: 'arn:aws:iam::123456789012:role/Importer', externalId: 'team-7' };

test.each<[string, AccountChoice, Parameters<typeof connectionFlags>[1], string[]]>([
  ['the credentials alone', here, {}, []],
  [
    'a file that was named, a profile and a role',
    { ...here, configFlag: 'images.yaml', connection: { profile: 'prod', role } },
    {},
    [
      ...['--config', 'images.yaml', '--profile', 'prod'],
      ...['--role-arn', role.arn, '--external-id', 'team-7'],
    ],
  ],
  [
    "an image's own profile",
    { ...here, connection: { profile: 'prod' } },
    { profile: 'test' },
    ['--profile', 'test'],
  ],
  [
    'another endpoint, over plain http',
    { ...here, connection: { endpointUrl: 'http://aws.example.org', allowInsecureEndpoint: true } },
    {},
    ['--endpoint-url', 'http://aws.example.org', '--allow-insecure-endpoint'],
  ],
  ['the emulator', { ...here, local: true }, {}, ['--work-dir', '/work', '--local']],
])('a command of ec2-image leads to the same account: %s', (_, account, session, flags) => {
  expect(connectionFlags(account, session)).toEqual(flags);
});

test('what is left of an image is deleted in the account of that image', () => {
  const request = { bucket: 'b', keyPrefix: 'ec2-image/', via: 's3', session: { profile: 'test', role } };
  const command = cleanupCommand(
    request as Parameters<typeof cleanupCommand>[0],
    { region: 'eu-west-1', imageId: null },
    { ...here, connection: { profile: 'prod' } },
  );
  expect(command.join(' ')).toContain(`--profile test --role-arn ${role.arn} --external-id team-7 --apply`);
});

test('a command of aws in a hint leads to the same account, and other words stay as they are', () => {
  const hint = 'Run `aws ec2 enable-image --image-id ami-1 --region eu-west-1`, or `ec2-image import`.';
  const error = new ExplainedError('AMI_DISABLED', 'it is disabled', { hint });
  expect(explain(error).hint).toBe(hint);
  expect(explain(error, { access: { profile: "the team's" } }).hint).toBe(
    "Run `aws ec2 enable-image --image-id ami-1 --region eu-west-1 --profile 'the team'\\''s'`, or `ec2-image import`.",
  );
});

test('every command of aws in a hint names the region', async () => {
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  const commands: string[] = [];
  for await (const path of glob('*/src/**/*.ts', { cwd: packages })) {
    // The pages of the codes name commands without their arguments.
    if (path.startsWith('explained-error/')) continue;
    const source = readFileSync(`${packages}/${path}`, 'utf8');
    commands.push(...Array.from(source.matchAll(/\\`(aws (?:ec2|ssm) .*?)\\`/g), ([, command]) => command!));
  }
  expect(commands.length).toBeGreaterThan(5);
  expect(commands.filter((command) => !command.includes('--region ${'))).toEqual([]);
});
