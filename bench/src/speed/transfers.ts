import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import type { SystemDisk } from '../system-images.ts';
import { programCommand, startServer } from './server.ts';

export interface BenchOptions {
  readonly images: SystemDisk;
  /** The digests of the images, as published. */
  readonly digests: ReadonlyMap<string, string>;
  readonly scratch: string;
  readonly rounds: number;
}

/** Into an empty directory each time. */
export async function inEmptyDirectory<T>(
  scratch: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(scratch, 'round-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
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
      target: { atLeast: 2.5 },
      from: `${megabytes(size)} MB, whole processes: ${describe(samples)}`,
    },
    {
      what: 'the same, against rclone',
      value: median(samples.rclone) / median(samples.ours),
      target: { atLeast: 3 },
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
function qemuImgConvert({ directory }: SystemDisk, output: string): [string, ...string[]] {
  return ['qemu-img', 'convert', '-f', 'qcow2', '-O', 'vhdx', join(directory, 'debian.qcow2'), output];
}

export async function conversionFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const source = join(images.directory, 'debian.qcow2');
  const inEmpty = (command: (output: string) => [string, ...string[]]) => () =>
    inEmptyDirectory(
      scratch,
      async (directory) => (await measure(command(join(directory, 'disk.vhdx')))).seconds,
    );
  const samples = await takeTurns(
    {
      'qemu-img': inEmpty((output) => qemuImgConvert(images, output)),
      convert: inEmpty((output) => programCommand('convert', source, output)),
    },
    { rounds },
  );
  return [
    {
      what: 'conversion to a VHDX file, against qemu-img',
      value: median(samples.convert) / median(samples['qemu-img']),
      from: `4 GiB Debian disk: ${describe(samples)}`,
    },
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
