import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { commandDirectory } from './support/command-directory.ts';
import { expect, testWith } from './support/fixtures.ts';
import { ownEnvironment } from './support/run-cli.ts';
import { isExhaustive } from './support/sample.ts';
import { startSlurm } from './support/slurm.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const script = fileURLToPath(new URL('../../../deploy/slurm-array.sh', import.meta.url));
const images = 40;
const tasks = 8;

const test = testWith();

test.runIf(isExhaustive)(
  'a job array of Slurm imports every image once, though two of its tasks are killed and queued again',
  { timeout: 900_000 },
  async ({ account, images: published }) => {
    const directory = await temporaryDirectory('slurm');
    await copyFile(script, join(directory, 'slurm-array.sh'));
    await writeFile(
      join(directory, 'ec2-image.yaml'),
      [
        `endpoint-url: ${account.aws.url}`,
        ...[
          'region: us-east-1',
          'via: ebs',
          'omit-holes: true',
          'poll-interval: 0.2',
          "ami-name: '{name}'",
          'images:',
        ],
        ...Array.from({ length: images }, (_, n) => {
          const source = `url: "${published.url('qcow2')}", checksum-url: "${published.checksumUrl}"`;
          return `  image-${n}: { ${source}, arch: x86_64 }`;
        }),
        '',
      ].join('\n'),
    );
    await using slurm = await startSlurm(await temporaryDirectory('cluster'));
    const env = { ...ownEnvironment, ...slurm.env, PATH: `${await commandDirectory()}:${process.env.PATH}` };
    const run = (file: string, args: readonly string[]) => execa(file, args, { cwd: directory, env });
    const { stdout: job } = await run('sbatch', ['--parsable', '--mem=100', 'slurm-array.sh']);

    const log = (task: number) =>
      readFile(join(directory, `ec2-image-${job}_${task}.log`), 'utf8').catch(() => '');
    for (const task of [1, 5]) {
      await until(async () => (await log(task)).includes(`Shard ${task}/${tasks}`));
      await run('scancel', ['--signal=KILL', `${job}_${task}`]);
      await run('scontrol', ['requeue', `${job}_${task}`]);
    }
    await until(async () => (await run('squeue', ['--noheader'])).stdout.trim() === '');

    const logs = await Promise.all(Array.from({ length: tasks }, (_, task) => log(task)));
    const { images: amis } = await account.contents();
    const names = Array.from({ length: images }, (_, n) => `image-${n}`);
    expect(amis.map(({ Name }) => Name).toSorted(), logs.join('\n')).toEqual(names.toSorted());
    for (const task of [1, 5]) {
      expect(logs[task]!.split(`Shard ${task}/${tasks}`), logs[task]).toHaveLength(3);
    }
    // Each task has a work directory of its own, and what is imported leaves nothing in it.
    expect((await readdir(join(directory, '.ec2-image'))).toSorted()).toEqual(
      Array.from({ length: tasks }, (_, task) => String(task)),
    );
  },
);

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (await isTrue()) return;
    await delay(250);
  }
  throw new Error('this did not come to be in 12 minutes');
}
