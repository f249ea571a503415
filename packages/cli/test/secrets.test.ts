import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectAttributesCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { exampleCredentials } from '@ec2-image/local-aws';
import { bucket } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { ownEnvironment, runCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith();

const secrets = [
  's3cr3tPassw0rd',
  'deadbeefSignature',
  'SessionTokenOfMine',
  exampleCredentials.secretAccessKey,
];

/** As a presigned URL is, behind a proxy that wants a password. */
function withSecrets(url: string): string {
  const own = new URL(url);
  own.username = 'someone';
  own.password = 's3cr3tPassw0rd';
  own.search = '?X-Amz-Signature=deadbeefSignature&X-Amz-Security-Token=SessionTokenOfMine';
  return own.href;
}

function expectNoSecret(what: string, text: string): void {
  for (const secret of secrets) expect(text.includes(secret), `${what} holds ${secret}`).toBe(false);
}

describe('secrets of URLs and of the credentials', () => {
  test('reach no output, log, tag and metadata of a run that succeeds', async ({
    account,
    images,
    workDirectory,
    argsOf,
  }) => {
    const log = join(workDirectory, 'log.ndjson');
    const end = await runCli(
      argsOf({
        url: withSecrets(images.url('qcow2')),
        'checksum-url': withSecrets(images.checksumUrl),
        verbose: true,
        'log-file': log,
        'keep-object': true,
      }),
    );
    expect(end).toMatchObject({ exitCode: 0 });
    expectNoSecret('stdout', end.stdout);
    expectNoSecret('stderr', end.stderr);
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(
      expect.arrayContaining(['start', 'call', 'step']),
    );
    expectNoSecret('the log', lines.join('\n'));
    const contents = await account.contents();
    expectNoSecret('the account', JSON.stringify(contents));
    const object = { Bucket: bucket, Key: contents.objects[0]! };
    expectNoSecret('the object', JSON.stringify(await account.s3.send(new HeadObjectCommand(object))));
    expectNoSecret(
      'the object',
      JSON.stringify(
        await account.s3.send(
          new GetObjectAttributesCommand({ ...object, ObjectAttributes: ['Checksum', 'ObjectParts'] }),
        ),
      ),
    );
    expectNoSecret('what the service was sent', JSON.stringify(account.aws.calls.list()));
  });

  test.for<[string, (url: string) => string]>([
    ['an image that is not there', (url: string) => url.replace('.qcow2', '.nothing')],
    ['another scheme', (url: string) => url.replace('http:', 'gopher:')],
  ])('reach no error: %s', async ([_, change], { images, workDirectory, argsOf }) => {
    const log = join(workDirectory, 'log.ndjson');
    const end = await runInProcess(
      argsOf({
        url: change(withSecrets(images.url('qcow2'))),
        sha256: 'a'.repeat(64),
        verbose: true,
        'log-file': log,
      }),
    );
    expect(end.exitCode).not.toBe(0);
    expectNoSecret('stdout', end.stdout);
    expectNoSecret('stderr', end.stderr);
    // A command line that is wrong is answered before there is a log.
    expectNoSecret('the log', await readFile(log, 'utf8').catch(() => ''));
  });
});

test('a configuration file cannot send the credentials to a server', async ({ account, images }) => {
  const directory = await temporaryDirectory('checkout');
  await writeFile(
    join(directory, 'ec2-image.yaml'),
    `bucket: ${bucket}
endpoint-url: ${account.aws.url}
images:
  innocent:
    url: ${images.url('qcow2')}
    checksum-url: ${images.checksumUrl}?\${AWS_SECRET_ACCESS_KEY}
    arch: x86_64
`,
  );
  const served = images.server.requests.length;
  const called = account.aws.calls.list().length;
  const end = await runCli(['import', '--json'], { cwd: directory });
  expect(end.exitCode).toBe(2);
  const { error } = end.json<ImportDocument>();
  expect(error).toMatchObject({
    code: 'CONFIG_CREDENTIAL',
    message: expect.stringContaining('ec2-image.yaml:6: ${AWS_SECRET_ACCESS_KEY}'),
  });
  expect(images.server.requests).toHaveLength(served);
  expect(account.aws.calls.list()).toHaveLength(called);
  expectNoSecret('the output', end.stdout + end.stderr);
});

test('credentials that expire are fetched again from where they came from', async ({
  account,
  images,
  argsOf,
}) => {
  const directory = await temporaryDirectory('credentials');
  const fetched = join(directory, 'fetched');
  const script = join(directory, 'credentials');
  await writeFile(
    script,
    `#!/bin/sh
echo >>'${fetched}'
cat <<END
{"Version": 1, "AccessKeyId": "${exampleCredentials.accessKeyId}", "SecretAccessKey": "${exampleCredentials.secretAccessKey}",
 "Expiration": "$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)"}
END
`,
  );
  await chmod(script, 0o755);
  const config = join(directory, 'config');
  await writeFile(config, `[profile short]\ncredential_process = ${script}\nregion = us-east-1\n`);
  const end = await runCli(
    argsOf({
      profile: 'short',
    }),
    {
      env: {
        ...ownEnvironment,
        AWS_CONFIG_FILE: config,
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
      },
    },
  );
  await expectOneOfEach({ account }, images, end);
  expect((await readFile(fetched, 'utf8')).length).toBeGreaterThan(2);
});
