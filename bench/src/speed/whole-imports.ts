import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type ImportRun, importImage } from '../import-image.ts';
import { describe, type Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import { watchUsage } from './disk-usage.ts';
import { onEmpty } from './on-empty.ts';
import { startServer } from './server.ts';
import type { BenchOptions } from './transfers.ts';

/** What an import task takes where it is left out of the time: long enough for whatever is done beside it. */
const importSeconds = 20;

interface Way {
  readonly file: 'debian.qcow2' | 'debian.raw.xz';
  readonly args: readonly string[];
  /** Of the import task, at least; by EBS there is none. */
  readonly importSeconds: number;
}

/** An import task lasts for seconds, and what passes between two polls of it counts as its own; by EBS there is none. */
const byS3 = ['--poll-interval', '0.25'];
const byEbs = ['--via', 'ebs', '--poll-interval', '0.1'];
const unproven = ['--proof', 'none'];

const ways = {
  's3, full proof': { file: 'debian.qcow2', args: byS3, importSeconds },
  's3, no proof': { file: 'debian.qcow2', args: [...byS3, ...unproven], importSeconds: 0 },
  'ebs, full proof': { file: 'debian.qcow2', args: byEbs, importSeconds: 0 },
  'ebs, no proof': { file: 'debian.qcow2', args: [...byEbs, ...unproven], importSeconds: 0 },
  's3, raw.xz': { file: 'debian.raw.xz', args: byS3, importSeconds: 0 },
  'ebs, raw.xz': { file: 'debian.raw.xz', args: byEbs, importSeconds: 0 },
} satisfies Readonly<Record<string, Way>>;
type WayName = keyof typeof ways;
const wayNames = Object.keys(ways) as WayName[];

interface Kept extends ImportRun {
  /** The most that the work directory took on the disk, in bytes. */
  readonly usedBytes: number;
}

/** Both ways and the manual process, on the Debian disk, each round on an empty account and work directory. */
export async function wholeImportFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  await using server = await startServer('directory-server', images.directory);
  const runs = Object.fromEntries(wayNames.map((name) => [name, [] as Kept[]])) as Record<WayName, Kept[]>;
  /** Of the manual process, without its import task. */
  const manualAlone: number[] = [];
  const checkDisk = async (path: string) => {
    await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', images.disk, path]);
  };
  const manual = () =>
    onEmpty({ scratch }, async (account, cwd) => {
      const script = fileURLToPath(new URL('./manual-import.sh', import.meta.url));
      const { seconds, stdout } = await measure(
        [script, `${server.url}/debian.qcow2`, `${server.url}/CHECKSUM`, account.bucket],
        { cwd, env: { ...account.env, AWS_CONFIG_FILE: '/dev/null' } },
      );
      const [snapshotId = '', task] = stdout.trim().split(' ');
      manualAlone.push(seconds - Number(task));
      await checkDisk(account.snapshotPath(snapshotId));
      return seconds;
    });
  const ours = (name: WayName) => () =>
    onEmpty({ scratch, importSeconds: ways[name].importSeconds }, async (account, workDirectory) => {
      const { file, args } = ways[name];
      const watch = watchUsage(workDirectory);
      const run = await importImage({
        account,
        url: `${server.url}/${file}`,
        checksumUrl: `${server.url}/CHECKSUM`,
        workDirectory,
        args,
      });
      runs[name].push({ ...run, usedBytes: await watch.stop() });
      await checkDisk(account.snapshotPath(run.snapshotId));
      return run.seconds;
    });

  const samples = await takeTurns<WayName | 'manual'>(
    {
      manual,
      ...(Object.fromEntries(wayNames.map((name) => [name, ours(name)])) as Record<
        WayName,
        () => Promise<number>
      >),
    },
    { rounds },
  );
  const { size: download } = await stat(join(images.directory, 'debian.qcow2'));
  // What of the proof reaches beyond the task's end is in the time that is left.
  const s3Alone = runs['s3, full proof'].map(
    ({ seconds, stepSeconds }) => seconds - (stepSeconds.import ?? 0),
  );
  const processor = (name: WayName) => runs[name].map(({ processorSeconds }) => processorSeconds);
  const used = (name: WayName) => Math.max(...runs[name].map(({ usedBytes }) => usedBytes));
  return [
    {
      what: 'whole import by S3 with full proof, against the manual process, the import task left out of both',
      value: median(s3Alone) / median(manualAlone),
      target: { atMost: 0.38 },
      from: `4 GiB Debian disk as qcow2, the import task ${importSeconds} s: ${describe({ ours: s3Alone, manual: manualAlone })}`,
    },
    {
      what: 'whole import by EBS with full proof, all blocks sent, against the manual process with its task’s own work',
      value: median(samples['ebs, full proof']) / median(samples.manual),
      target: { atMost: 0.5 },
      from: describe({ ours: samples['ebs, full proof'], manual: samples.manual }),
    },
    {
      what: 'the same without proof',
      value: median(samples['ebs, no proof']) / median(samples.manual),
      target: { atMost: 0.38 },
      from: describe({ ours: samples['ebs, no proof'], manual: samples.manual }),
    },
    ...(
      [
        ['s3, no proof', 5],
        ['s3, full proof', 10],
        ['ebs, no proof', undefined],
        ['ebs, full proof', undefined],
      ] as const
    ).map(
      ([name, atMost]): Figure => ({
        what: `processor seconds of the tool and its programs, ${name}`,
        value: median(processor(name)),
        unit: ' s',
        ...(atMost !== undefined && { target: { atMost } }),
        from: describe({ processor: processor(name) }),
      }),
    ),
    ...wayNames.map(
      (name): Figure => ({
        what: `peak memory of the tool, ${name}`,
        value: Math.max(...runs[name].map(({ peak }) => peak.own)) / 2 ** 20,
        unit: ' MiB',
        target: { atMost: 256 },
        from: `VmHWM of its process, the highest of the rounds; ${describe({ 'the whole import': samples[name] })}`,
      }),
    ),
    ...wayNames.map((name): Figure => {
      const isStreamed = ways[name].file === 'debian.raw.xz';
      const bytes = used(name);
      return {
        what: `temporary disk${isStreamed ? '' : ' beyond the download'}, ${name}`,
        value: Math.max(0, bytes - (isStreamed ? 0 : download)) / 1e6,
        unit: ' MB',
        target: { atMost: 1 },
        from: `peak size of the work directory, looked up every 50 ms: ${(bytes / 1e6).toFixed(1)} MB`,
      };
    }),
  ];
}
