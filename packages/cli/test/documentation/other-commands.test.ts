import { access, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteRoleCommand, DeleteRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { openGpg } from '@ec2-image/sample-image';
import { bucket, region } from '../support/account.ts';
import { commandDirectory } from '../support/command-directory.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { isExhaustive } from '../support/sample.ts';
import { stockAwsDirectory } from '../support/stock-aws.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { blocksOf, documents, otherLinesOf, readDocument, sectionOf } from './documents.ts';
import { openTerminal } from './terminal.ts';

// Calm: the stock aws command waits for nothing that IAM shows late.
const test = testWith({ account: { conditions: 'calm' } });

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const here = 'packages/cli/test/documentation/other-commands.test.ts';
const firstSteps = 'packages/cli/test/documentation/first-steps.test.ts';
const container = 'scripts/test/container.test.ts';

/** What the pages have their readers type beside ec2-image, and which test runs it. */
const runBy: readonly (readonly [RegExp, string])[] = [
  [/^git clone <this repository> ec2-image && cd ec2-image$/, firstSteps],
  [/^npm run demo( -- --url \S+ --checksum-url \S+)?$/, firstSteps],
  [/^scripts\/setup$/, firstSteps],
  [/^sudo ln -s "\$PWD\/scripts\/ec2-image" \/usr\/local\/bin\/$/, firstSteps],
  [/^mkdir images && cd images$/, firstSteps],
  [/^sh fix\.sh$/, firstSteps],
  // By buildah, which builds and runs without a container runtime, and as the user of the image.
  [/^podman (build|run) /, container],
  [/^aws iam /, here],
  [/^gpg /, here],
];

test.each(documents)('every line of a shell in %s runs in a test', (path) => {
  const lines = otherLinesOf(readDocument(path));
  expect(lines.filter((line) => !runBy.some(([pattern]) => pattern.test(line)))).toEqual([]);
});

test('those tests are there, and none is named for what no page shows any more', async () => {
  for (const [, path] of runBy) await expect(access(join(root, path)), path).resolves.toBeUndefined();
  const lines = documents.flatMap((path) => otherLinesOf(readDocument(path)));
  expect(runBy.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([]);
});

test('what docs/install.md mounts into the container is where its user looks', () => {
  const [run] = otherLinesOf(readDocument('docs/install.md')).filter((line) =>
    line.startsWith('podman run '),
  );
  const targets = [...run!.matchAll(/ -v \S+?:(\/[^:\s]+)/g)].map(([, target]) => target);
  const containerfile = readDocument('Containerfile');
  const [, home] = /^ENV HOME=(\S+)/m.exec(containerfile)!;
  const directory = [...containerfile.matchAll(/^WORKDIR (\S+)$/gm)].at(-1)![1];
  expect(targets).toEqual([`${home}/.aws`, directory]);
});

/** The first block of a shell under a heading. */
function linesUnder(path: string, heading: string): string[] {
  const [block = ''] = blocksOf(sectionOf(readDocument(path), heading), 'sh');
  return block.split('\n').filter((line) => line !== '');
}

describe('typed as they are written,', () => {
  test("the gpg commands of docs/trust.md make a keyring of the publisher's key alone", async ({
    account,
  }) => {
    await using publisher = await openGpg();
    const key = await publisher.makeKey('ed25519');
    const home = await temporaryDirectory('home');
    await copyFile(await publisher.exportKeys([key]), join(home, 'downloaded-key.asc'));
    const terminal = openTerminal({
      ...{ home, account, path: process.env.PATH! },
      replace: (line) => line.replace('FINGERPRINT', key.fingerprint),
    });
    const [shown, ...others] = linesUnder('docs/trust.md', "Getting a publisher's key");
    const { stdout, stderr } = await terminal.type(shown!);
    expect(stdout.replaceAll(' ', ''), stderr).toContain(key.fingerprint);
    for (const line of others) expect(await terminal.type(line)).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(home, 'keyring.asc'), 'utf8')).toMatch(
      /^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/,
    );
    const exported = await terminal.type('gpg --show-keys --with-colons keyring.asc');
    expect(exported.stdout.match(/^fpr:.*$/gm)).toEqual([expect.stringContaining(key.fingerprint)]);
  });

  // The stock aws command takes seconds to start.
  test.runIf(isExhaustive)(
    'those of docs/account.md make the role that doctor asks for',
    async ({ account }) => {
      const home = await temporaryDirectory('home');
      const path = [await commandDirectory(), await stockAwsDirectory(), process.env.PATH].join(':');
      const terminal = openTerminal({
        ...{ home, account, path },
        // With an endpoint of its own it wants one, even of IAM.
        env: { AWS_DEFAULT_REGION: region },
        replace: (line) => line.replace('ACCOUNT', '123456789012').replace('BUCKET', bucket),
      });
      const iam = account.client(IAMClient);
      await iam.send(new DeleteRolePolicyCommand({ RoleName: 'vmimport', PolicyName: 'vmimport' }));
      await iam.send(new DeleteRoleCommand({ RoleName: 'vmimport' }));
      for (const line of linesUnder('docs/account.md', 'The service role `vmimport`')) {
        const { exitCode, stderr } = await terminal.type(line);
        expect(exitCode, `${line}\n${stderr}`).toBe(0);
      }
      const doctor = await terminal.type(`ec2-image doctor --bucket ${bucket}`);
      expect(doctor).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('vmimport') });
    },
  );
});
