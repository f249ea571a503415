import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultMatch } from '@ec2-image/local-aws';
import { type AccountOptions, bucket, region } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { runInProcess } from '../support/in-process.ts';
import { isExhaustive } from '../support/sample.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** What status shows of an import that ends where these calls are denied. */
interface Stop {
  readonly kind: string;
  readonly denied: FaultMatch;
  /** Of the configuration. */
  readonly more?: object;
  /** What is under way longer than the import. */
  readonly slow?: 'importTaskMs' | 'copyMs';
}

const stops: readonly Stop[] = [
  { kind: 'upload', denied: { operation: 'CompleteMultipartUpload' } },
  { kind: 'object', denied: { operation: 'ImportSnapshot' } },
  {
    kind: 'task',
    denied: {
      operation: 'DescribeImportSnapshotTasks',
      parameters: { 'ImportTaskId.1': 'import-snap-*' },
    },
    slow: 'importTaskMs',
  },
  { kind: 'snapshot', denied: { operation: 'RegisterImage' } },
  { kind: 'snapshot', denied: { operation: 'RegisterImage' }, more: { via: 'ebs', 'omit-holes': true } },
  { kind: 'instance', denied: { operation: 'TerminateInstances' }, more: { 'boot-test': { timeout: 1 } } },
  {
    kind: 'copy',
    denied: {
      operation: 'DescribeImages',
      region: 'eu-west-1',
      parameters: { 'ImageId.1': 'ami-*' },
    },
    more: { regions: ['eu-west-1'] },
    slow: 'copyMs',
  },
];

/** Less than a clock may be wrong by. */
const slowMs = 4 * 60_000;

/** The suffix of the run that is stopped; those that continue it have another. */
const [earlier, today] = [{ IMG_SFX: '1' }, { IMG_SFX: '2' }];

interface Unfinished {
  readonly kind: string;
  readonly command: readonly string[] | null;
}

const test = testWith({ disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 16 } }).extend(
  'machines',
  async ({ account, images }, { onCleanup }) => {
    const directory = await temporaryDirectory('machines');
    onCleanup(() => rm(directory, { recursive: true, force: true }));
    const config = join(directory, 'ec2-image.yaml');
    const image = { url: images.url('qcow2'), 'checksum-url': images.checksumUrl, arch: 'x86_64' };
    let count = 0;
    /** Each on a machine of its own: it has nothing but the configuration. */
    const run = (args: readonly string[], env: Readonly<Record<string, string>>) => {
      count += 1;
      const own = ['--work-dir', join(directory, `work-${count}`), '--endpoint-url', account.aws.url];
      return runInProcess([...args, '--config', config, ...own, '--max-attempts', '2'], { env });
    };
    return {
      run,
      configure: (more: object) =>
        writeFile(
          config,
          // JSON is YAML.
          JSON.stringify({
            ...{ bucket, region, 'poll-interval': 0.05, suffix: `\${IMG_SFX}`, ...more },
            images: { other: image, 'test-cloud': image },
          }),
        ),
      async unfinished(): Promise<readonly Unfinished[]> {
        const { json } = await run(['status', '--json'], today);
        return json<{ status: { unfinished: readonly Unfinished[] } }>().status.unfinished;
      },
    };
  },
);

for (const { kind, denied, more = {}, slow } of stops) {
  let laterMs = 0;
  const accountOptions: AccountOptions = {
    now: () => Date.now() + laterMs,
    ...(slow && { ec2: { [slow]: slowMs } }),
  };
  test.extend('accountOptions', accountOptions).runIf(isExhaustive)(
    `the command that status gives for the ${kind} of an import that ${denied.operation} stopped continues it on another machine ${JSON.stringify(more)}`,
    { timeout: 120_000 },
    async ({ account, machines }) => {
      await machines.configure(more);
      const fault = account.aws.faults.add({
        match: denied,
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      const stopped = await machines.run(['import', 'test-cloud'], earlier);
      fault.remove();
      expect(stopped.exitCode, stopped.stderr).toBe(1);

      const found = async () => (await machines.unfinished()).find((one) => one.kind === kind);
      await expect.poll(found, { timeout: 20_000 }).toBeDefined();
      const { command } = (await found())!;
      laterMs += slow ? slowMs : 0;
      // Of an upload, nothing but its key is known: whose it is has to be said.
      const said = command!.map((word) => (word === 'NAME' ? 'test-cloud' : word));
      const continued = await machines.run(said, today);
      expect(continued.exitCode, continued.stderr).toBe(0);

      await expect.poll(machines.unfinished, { timeout: 20_000 }).toEqual([]);
      const { images: amis, snapshots } = await account.contents();
      expect(amis.map(({ Name }) => Name)).toEqual(['test-cloud-i1']);
      expect(snapshots).toHaveLength(1);
    },
  );
}
