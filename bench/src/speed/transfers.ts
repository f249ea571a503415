import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemImages } from '../system-images.ts';
import { describe, type Figure } from './figure.ts';
import { measure, median, takeTurns } from './measure.ts';
import { programCommand, startServer } from './server.ts';

export interface BenchOptions {
  readonly images: SystemImages;
  /** The digests of the images, as published. */
  readonly digests: ReadonlyMap<string, string>;
  readonly scratch: string;
  readonly rounds: number;
}

const connections = 4;
/** Of each connection, in bytes a second: a mirror that means to serve many. */
const connectionLimit = 20 * 2 ** 20;

/** Into an empty directory each time. */
async function inEmptyDirectory<T>(scratch: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(scratch, 'round-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export async function downloadFigures({ images, digests, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const file = 'debian.qcow2';
  const path = join(images.directory, file);
  const { size } = await stat(path);
  const turns = async (limit: readonly string[]) => {
    await using server = await startServer('file-server', path, ...limit);
    const contestant = (command: (directory: string) => [string, ...string[]]) => () =>
      inEmptyDirectory(scratch, async (cwd) => (await measure(command(cwd), { cwd })).seconds);
    return await takeTurns(
      {
        ours: contestant((directory) =>
          programCommand('download', server.url, digests.get(file)!, directory, String(connections)),
        ),
        curl: contestant(() => ['curl', '-sSfO', server.url]),
        aria2: contestant(() => [
          'aria2c',
          '--quiet',
          `--max-connection-per-server=${connections}`,
          `--split=${connections}`,
          '--min-split-size=1M',
          '--file-allocation=none',
          server.url,
        ]),
      },
      { rounds },
    );
  };
  const limited = await turns([String(connectionLimit)]);
  const free = await turns([]);
  const what = `${megabytes(size)} MB, digest proven by ours alone`;
  return [
    {
      what: `download, each connection limited to 20 MiB/s: throughput against aria2, ${connections} connections each`,
      value: median(limited.aria2) / median(limited.ours),
      target: { atLeast: 1 },
      from: `${what}: ${describe(limited)}`,
    },
    {
      what: 'the same, against curl',
      value: median(limited.curl) / median(limited.ours),
      from: 'the same rounds',
    },
    {
      what: 'download without a limit: throughput against aria2',
      value: median(free.aria2) / median(free.ours),
      from: `${what}: ${describe(free)}`,
    },
    { what: 'the same, against curl', value: median(free.curl) / median(free.ours), from: 'the same rounds' },
  ];
}

export async function uploadFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const disk = join(scratch, 'disk.vhdx');
  await measure(qemuImgConvert(images, disk));
  await using sink = await startServer('sink');
  const { size } = await stat(disk);
  const env = {
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    RCLONE_CONFIG: join(scratch, 'rclone.conf'),
  };
  const seconds = async (command: [string, ...string[]]) => (await measure(command, { env })).seconds;
  let number = 0;
  const samples = await takeTurns(
    {
      ours: () => seconds(programCommand('upload', sink.url, disk, String(++number))),
      'lib-storage as it is': () => seconds(programCommand('upload-stock', sink.url, disk)),
      'aws s3 cp': () =>
        seconds([
          'aws',
          '--endpoint-url',
          sink.url,
          's3',
          'cp',
          '--quiet',
          disk,
          `s3://bench/aws-${++number}`,
        ]),
      rclone: () =>
        seconds([
          'rclone',
          'copyto',
          '--quiet',
          '--s3-provider=Other',
          '--s3-env-auth',
          `--s3-endpoint=${sink.url}`,
          '--s3-no-check-bucket',
          '--s3-no-head',
          '--ignore-checksum',
          disk,
          `:s3:bench/rclone-${++number}`,
        ]),
    },
    { rounds },
  );
  return [
    {
      what: 'upload into a bare sink: throughput against `aws s3 cp`',
      value: median(samples['aws s3 cp']) / median(samples.ours),
      target: { atLeast: 2 },
      from: `${megabytes(size)} MB, whole processes: ${describe(samples)}`,
    },
    {
      what: 'the same, against rclone',
      value: median(samples.rclone) / median(samples.ours),
      from: 'the same rounds',
    },
    {
      what: "the same, against the SDK's lib-storage as it is",
      value: median(samples['lib-storage as it is']) / median(samples.ours),
      from: 'the same rounds',
    },
  ];
}

/** The conversion as people type it. */
function qemuImgConvert({ directory }: SystemImages, output: string): [string, ...string[]] {
  return ['qemu-img', 'convert', '-f', 'qcow2', '-O', 'vhdx', join(directory, 'debian.qcow2'), output];
}

export async function conversionFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const source = join(images.directory, 'debian.qcow2');
  const disk = join(scratch, 'disk.vhdx');
  await measure(qemuImgConvert(images, disk));
  await using sink = await startServer('sink');
  const inEmpty = (command: (output: string) => [string, ...string[]]) => () =>
    inEmptyDirectory(
      scratch,
      async (directory) => (await measure(command(join(directory, 'disk.vhdx')))).seconds,
    );
  const samples = await takeTurns(
    {
      'qemu-img': inEmpty((output) => qemuImgConvert(images, output)),
      convert: inEmpty((output) => programCommand('convert', source, output)),
      upload: async () => (await measure(programCommand('upload', sink.url, disk))).seconds,
      both: inEmpty((output) => programCommand('convert', source, output, sink.url)),
    },
    { rounds },
  );
  const longer = Math.max(median(samples.convert), median(samples.upload));
  return [
    {
      what: 'conversion to VHDX, against qemu-img alone',
      value: median(samples.convert) / median(samples['qemu-img']),
      from: `4 GiB Debian disk: ${describe(samples)}`,
    },
    {
      what: 'convert and upload overlapped, against the longer of the two alone',
      value: median(samples.both) / longer,
      target: { atMost: 1.1 },
      from: 'the same rounds; the upload into a bare sink',
    },
  ];
}

export async function blockFigures({ images, rounds }: BenchOptions): Promise<Figure[]> {
  await using sink = await startServer('sink');
  const runs = { ours: [] as BlocksRun[], stock: [] as BlocksRun[] };
  const run = async (client: keyof typeof runs) => {
    const { stdout } = await measure(programCommand('blocks', sink.url, images.disk, '3', client));
    const result = JSON.parse(stdout) as BlocksRun;
    runs[client].push(result);
    return result.seconds;
  };
  await takeTurns({ ours: () => run('ours'), stock: () => run('stock') }, { rounds });
  const rate = ({ blocks, seconds }: BlocksRun) => blocks / seconds;
  const cost = ({ blocks, processorSeconds }: BlocksRun) => (processorSeconds / blocks) * 1000;
  const [{ blocks }] = runs.ours as [BlocksRun];
  const from = (of: readonly BlocksRun[]) =>
    `${blocks} blocks (${(blocks / 2048).toFixed(1)} GiB) a round, from the first call to the last: ${of.map((one) => rate(one).toFixed(0)).join(', ')} a second, ${median(of.map(cost)).toFixed(2)} ms of processor each`;
  return [
    {
      what: 'blocks written by EBS direct into a bare sink',
      value: median(runs.ours.map(rate)),
      unit: ' blocks/s',
      target: { atLeast: 1000 },
      from: from(runs.ours),
    },
    {
      what: "the same with the SDK's own handler and signature",
      value: median(runs.stock.map(rate)),
      unit: ' blocks/s',
      from: from(runs.stock),
    },
  ];
}

interface BlocksRun {
  readonly blocks: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
