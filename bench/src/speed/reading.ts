import { join } from 'node:path';
import { describe, type Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import { programCommand } from './server.ts';
import type { BenchOptions } from './transfers.ts';

interface ReadRun {
  readonly bytes: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

const ways = ['ours', 'qemu-nbd', 'qemu-img'] as const;
type Way = (typeof ways)[number];

/** What of the qcow2 is data, read once: by our threads with a checksum of it, and by QEMU's programs without. */
export async function readingFigures({ images, rounds }: BenchOptions): Promise<Figure[]> {
  const path = join(images.directory, 'debian.qcow2');
  const runs: Record<Way, ReadRun[]> = { ours: [], 'qemu-nbd': [], 'qemu-img': [] };
  const run = (way: Way) => async () => {
    const { stdout } = await measure(programCommand('read', path, way));
    const result = JSON.parse(stdout) as ReadRun;
    runs[way].push(result);
    return result.seconds;
  };
  const wall = await takeTurns(
    { ours: run('ours'), 'qemu-nbd': run('qemu-nbd'), 'qemu-img': run('qemu-img') },
    { rounds },
  );
  const processor = Object.fromEntries(
    ways.map((way) => [way, runs[way].map(({ processorSeconds }) => processorSeconds)]),
  ) as Record<Way, number[]>;
  const size = `${((runs.ours[0]?.bytes ?? 0) / 2 ** 20).toFixed(0)} MiB of data in a deflated qcow2`;
  return [
    {
      what: 'reading a qcow2 with its CRC32: processor seconds, against qemu-img into nothing',
      value: median(processor.ours) / median(processor['qemu-img']),
      from: `${size}, processor: ${describe(processor)}`,
    },
    {
      what: 'the same, against qemu-nbd and a client',
      value: median(processor.ours) / median(processor['qemu-nbd']),
      from: 'the same rounds',
    },
    {
      what: 'reading a qcow2 with its CRC32: wall time, against qemu-img into nothing',
      value: median(wall.ours) / median(wall['qemu-img']),
      from: `${size}, wall: ${describe(wall)}`,
    },
    {
      what: 'the same, against qemu-nbd and a client',
      value: median(wall.ours) / median(wall['qemu-nbd']),
      from: 'the same rounds',
    },
  ];
}
