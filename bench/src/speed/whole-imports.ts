import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { startAccount } from '../account.ts';
import { importImage } from '../import-image.ts';
import { describe, type Figure } from './figure.ts';
import { measure, median, takeTurns } from './measure.ts';
import { startServer } from './server.ts';
import type { BenchOptions } from './transfers.ts';

/** Nothing of the account takes longer than its work. */
const atOnce = ['--import-task-ms', '0', '--snapshot-completion-ms', '0', '--image-creation-ms', '0'];

/** Both ways and the manual process, on the Debian disk, each round on an empty account and work directory. */
export async function wholeImportFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  await using server = await startServer('directory-server', images.directory);
  const peaks = { s3: 0, ebs: 0, 'ebs, raw.xz': 0 };
  const disk = { ebs: 0, 'ebs, raw.xz': 0 };
  const taskSeconds = { ours: [] as number[], manual: [] as number[] };

  const onEmpty = async <T>(
    work: (account: Awaited<ReturnType<typeof startAccount>>, directory: string) => Promise<T>,
  ) => {
    const directory = await mkdtemp(join(scratch, 'import-'));
    try {
      await using account = await startAccount({ directory: join(directory, 'account'), args: atOnce });
      const workDirectory = join(directory, 'work');
      await mkdir(workDirectory);
      return await work(account, workDirectory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
  const checkDisk = async (path: string) => {
    await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', images.disk, path]);
  };
  const ours = (way: keyof typeof peaks, file: string, args: readonly string[]) =>
    onEmpty(async (account, workDirectory) => {
      const watch = watchUsage(workDirectory);
      const run = await importImage({
        account,
        url: `${server.url}/${file}`,
        checksumUrl: `${server.url}/CHECKSUM`,
        workDirectory,
        args: ['--poll-interval', '0.1', ...args],
      });
      peaks[way] = Math.max(peaks[way], run.peak.own);
      const used = await watch.stop();
      if (way !== 's3') disk[way] = Math.max(disk[way], used);
      await checkDisk(account.snapshotPath(run.snapshotId));
      return run;
    });

  const samples = await takeTurns(
    {
      'manual, with its import task': () =>
        onEmpty(async (account, cwd) => {
          const script = fileURLToPath(new URL('./manual-import.sh', import.meta.url));
          const { seconds, stdout } = await measure(
            [script, `${server.url}/debian.qcow2`, `${server.url}/CHECKSUM`, account.bucket],
            { cwd, env: { ...account.env, AWS_CONFIG_FILE: '/dev/null' } },
          );
          const [snapshotId = '', task] = stdout.trim().split(' ');
          taskSeconds.manual.push(seconds - Number(task));
          await checkDisk(account.snapshotPath(snapshotId));
          return seconds;
        }),
      's3, with its import task': async () => {
        const run = await ours('s3', 'debian.qcow2', []);
        taskSeconds.ours.push(run.seconds - (run.stepSeconds.import ?? 0));
        return run.seconds;
      },
      ebs: async () => (await ours('ebs', 'debian.qcow2', ['--via', 'ebs'])).seconds,
      'ebs, raw.xz': async () => (await ours('ebs, raw.xz', 'debian.raw.xz', ['--via', 'ebs'])).seconds,
    },
    { rounds },
  );
  const manual = median(samples['manual, with its import task']);
  const download = (await stat(join(images.directory, 'debian.qcow2'))).size;
  const without = { ours: taskSeconds.ours, manual: taskSeconds.manual };
  return [
    {
      what: 'whole import by S3, against the manual process, the import task left out of both',
      value: median(taskSeconds.ours) / median(taskSeconds.manual),
      target: { atMost: 0.4 },
      from: `4 GiB Debian disk as qcow2: ${describe(without)}`,
    },
    {
      what: 'whole import by EBS, against the manual process with its import task',
      value: median(samples.ebs) / manual,
      target: { atMost: 0.3 },
      from: describe(samples),
    },
    {
      what: 'whole import by S3 with its import task, against the same',
      value: median(samples['s3, with its import task']) / manual,
      from: 'the same rounds',
    },
    ...Object.entries(peaks).map(
      ([way, peak]): Figure => ({
        what: `peak memory of the tool, ${way}`,
        value: peak / 2 ** 20,
        unit: ' MiB',
        target: { atMost: 256 },
        from: 'VmHWM of its process, the highest of the rounds',
      }),
    ),
    {
      what: 'temporary disk by EBS, qcow2, against the size of the download',
      value: disk.ebs / download,
      target: { atMost: 1.01 },
      from: `peak size of the work directory, sampled every 50 ms: ${(disk.ebs / 1e6).toFixed(1)} MB`,
    },
    {
      what: 'temporary disk by EBS, raw.xz',
      value: disk['ebs, raw.xz'] / 1e6,
      unit: ' MB',
      target: { atMost: 1 },
      from: 'the same; the journal and the log',
    },
  ];
}

/** The most that a directory's files take on the disk. */
function watchUsage(directory: string): { stop(): Promise<number> } {
  let running = true;
  let most = 0;
  const watching = (async () => {
    while (running) {
      let bytes = 0;
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(
        () => [],
      )) {
        if (!entry.isFile()) continue;
        bytes += await stat(join(entry.parentPath, entry.name)).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        );
      }
      most = Math.max(most, bytes);
      await sleep(50);
    }
  })();
  return {
    async stop() {
      running = false;
      await watching;
      return most;
    },
  };
}
