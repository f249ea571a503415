import { cp, rm } from 'node:fs/promises';
import { DescribeImagesCommand, DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { openAccount, type TestAccount } from '../support/account.ts';
import type { TestImages } from '../support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type FaultScene, hangTimeoutSeconds, maxAttempts, type OpenScene } from './fault-points.ts';

/** Opens accounts that all have the same AMI, which is not tested yet. */
export interface UntestedAmi extends AsyncDisposable {
  readonly openScene: OpenScene;
}

export async function registerUntested(images: TestImages): Promise<UntestedAmi> {
  const directory = await temporaryDirectory('untested');
  {
    await using account = await openAccount({ conditions: 'calm', directory });
    const { exitCode, stderr } = await runInProcess(
      argsOf(account, { images, work: await makeWorkDirectory() }),
    );
    expect(exitCode, stderr).toBe(0);
  }
  return {
    openScene: () => openBootTestScene(images, directory),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** An import of it that has a boot test configured. The instance is reachable, and its console silent. */
async function openBootTestScene(images: TestImages, registered: string): Promise<FaultScene> {
  const directory = await temporaryDirectory('boot-test');
  await cp(registered, directory, { recursive: true });
  // Calm: of one fault at one call, and not of what chance adds to it.
  const account = await openAccount({ conditions: 'calm', directory, ec2: { statusCheckMs: 0 } });
  const work = await makeWorkDirectory();
  return {
    account,
    run: ({ hangs = false } = {}) =>
      runInProcess(
        argsOf(account, {
          images,
          work,
          'boot-test': '{"timeout":1}',
          'max-attempts': maxAttempts,
          'request-timeout': hangs ? hangTimeoutSeconds : undefined,
        }),
      ),
    async expectDone(end) {
      expect(end.exitCode, end.stderr).toBe(0);
      const [result] = end.json<ImportDocument>().images;
      expect(await alive(account)).toEqual([]);
      const { Images = [] } = await account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
      expect(Images.map(({ ImageId, Tags }) => [ImageId, tagRecord(Tags)['ec2-image:boot-test']])).toEqual([
        [result!.imageId, 'passed'],
      ]);
    },
    async leftoversOf(end) {
      const left = await alive(account);
      for (const { InstanceId } of left) expect(JSON.stringify(end.json())).toContain(InstanceId);
      return left.length === 0 ? 'nothing' : left.length === 1 ? 'instance' : `${left.length} instances`;
    },
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      for (const made of [directory, work]) await rm(made, { recursive: true, force: true });
    },
  };
}

function argsOf(
  account: TestAccount,
  {
    images,
    work,
    ...flags
  }: { readonly images: TestImages; readonly work: string } & Record<string, unknown>,
): string[] {
  return importArgs({
    account,
    workDirectory: work,
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    ...{ via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'fault', 'poll-interval': 0.05 },
    ...flags,
  });
}

async function alive({ ec2 }: TestAccount): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State }) => !['shutting-down', 'terminated'].includes(State!.Name!),
  );
}
